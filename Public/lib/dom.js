// Elements by calls: h("p", { class: "quiet", onclick: f }, "text", node). Text is never read as HTML.

/** An element; `style` is an object, `on…` are listeners, false and null leave an attribute out. */
export function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
    element.append(...flat(children));
    return element;
}

function set(element, name, value) {
    if (value === null || value === undefined || value === false) return;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
}

function flat(children) {
    return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Puts new children in place of the old ones. */
export function fill(element, ...children) {
    element.replaceChildren(...flat(children));
    return element;
}

let last = 0;

/** An id that no other element has. */
export const uniqueID = () => `e${++last}`;

/** Has the browser save a file. */
export function save(name, content, type) {
    const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
