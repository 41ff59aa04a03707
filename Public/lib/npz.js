// Reads npz archives as NumPy writes them: a zip of npy files, stored or deflated.

const methods = { 0: null, 8: "deflate-raw" };

/** The arrays of an archive by name: `{shape, data}`, row-major. Throws an Error that says what cannot be read. */
export async function readNPZ(buffer) {
    const view = new DataView(buffer);
    const end = findEnd(view);
    const arrays = {};
    let place = view.getUint32(end + 16, true);
    for (let count = view.getUint16(end + 10, true); count > 0; count -= 1) {
        if (place + 46 > buffer.byteLength || view.getUint32(place, true) !== 0x02014b50) throw new Error("the archive is damaged");
        const method = view.getUint16(place + 10, true);
        const size = view.getUint32(place + 20, true);
        const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(place + offset, true));
        const local = view.getUint32(place + 42, true);
        const name = new TextDecoder().decode(new Uint8Array(buffer, place + 46, nameLength));
        if (!(method in methods)) throw new Error(`${name} is compressed in a way that browsers cannot read`);
        const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
        const packed = new Blob([new Uint8Array(buffer, start, size)]);
        const plain = methods[method] ? packed.stream().pipeThrough(new DecompressionStream(methods[method])) : packed.stream();
        arrays[name.replace(/\.npy$/, "")] = readNPY(name, await new Response(plain).arrayBuffer());
        place += 46 + nameLength + extraLength + commentLength;
    }
    return arrays;
}

/** Where the central directory ends; a comment may follow it. */
function findEnd(view) {
    for (let place = view.byteLength - 22; place >= Math.max(0, view.byteLength - 65_557); place -= 1) {
        if (view.getUint32(place, true) === 0x06054b50) return place;
    }
    throw new Error("this is no npz archive");
}

const readers = { f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, b1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array, i8: BigInt64Array, u8: BigUint64Array };

function readNPY(name, buffer) {
    const view = new DataView(buffer);
    const isLong = view.getUint8(6) > 1;
    const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
    const start = (isLong ? 12 : 10) + length;
    const header = new TextDecoder().decode(new Uint8Array(buffer, start - length, length));
    const [, order, kind] = header.match(/'descr':\s*'([<>|=])(\w+)'/) ?? [];
    const shape = header.match(/'shape':\s*\(([^)]*)\)/)[1].split(",").filter((part) => part.trim()).map(Number);
    if (/'fortran_order':\s*True/.test(header)) throw new Error(`${name} is in the order of Fortran; numpy.ascontiguousarray mends it`);
    if (kind?.startsWith("U")) return { shape, data: texts(buffer.slice(start), Number(kind.slice(1))) };
    const Type = readers[kind];
    if (!Type || order === ">") throw new Error(`${name} holds numbers of a kind that this page does not read: ${order}${kind}`);
    const data = new Type(buffer.slice(start));
    return { shape, data: data instanceof BigInt64Array || data instanceof BigUint64Array ? Float64Array.from(data, Number) : data };
}

function texts(buffer, width) {
    const codes = new Uint32Array(buffer);
    return Array.from({ length: codes.length / width }, (_, index) => String.fromCodePoint(...codes.slice(index * width, (index + 1) * width).filter(Boolean)));
}

/** The clips of a split, each as the body of a prediction has it; `labels` [K] of 0 and 1 where the split has them. */
export function clipsOf(arrays) {
    const modalities = Object.entries(arrays).filter(([name, array]) => array.shape.length === 3 && name !== "labels");
    if (modalities.length === 0) throw new Error("there is no array [clips, units, features] in it");
    const count = modalities[0][1].shape[0];
    const lengthsOf = (name) => arrays[`lengths_${name}`] ?? arrays.lengths;
    return Array.from({ length: count }, (_, index) => {
        const clip = { id: String((arrays.ids ?? arrays.id)?.data[index] ?? index) };
        for (const [name, { shape: [, length, size], data }] of modalities) {
            const units = Number(lengthsOf(name)?.data[index] ?? length);
            const row = (unit) => Array.from(data.subarray((index * length + unit) * size, (index * length + unit + 1) * size));
            clip[name] = units === 0 ? null : Array.from({ length: units }, (_, unit) => row(unit));
        }
        const { labels } = arrays;
        return { clip, labels: labels && Array.from(labels.data.subarray(index * labels.shape[1], (index + 1) * labels.shape[1]), Number) };
    });
}
