// The list of data sets, and uploading one.
import { at, call, list, post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { ago, number } from "../lib/format.js";
import { may } from "../lib/session.js";
import { dropzone } from "../parts/dropzone.js";
import { splitOf, uploadSplits } from "../parts/split-uploads.js";
import { Table } from "../parts/table.js";
import { badge, emptyState, onSubmit, section } from "../parts/ui.js";

const columns = [
    { label: "Name", header: true, sort: (set) => set.name, cell: (set) => h("a", { href: `#/datasets/${set.id}` }, set.name) },
    { label: "State", sort: (set) => set.status, cell: (set) => badge(set.status) },
    { label: "Clips (train, valid, test)", cell: (set) => ["train", "valid", "test"].map((name) => number(set.splits[name]?.report.clips)).join(", ") },
    { label: "Modalities", cell: (set) => (set.modalities ?? []).map((modality) => [h("span", { class: "tag" }, `${modality.name} ${modality.feature_size}`), " "]) },
    { label: "Labels", number: true, sort: (set) => set.labels?.length, cell: (set) => number(set.labels?.length) },
    { label: "Warnings", number: true, cell: (set) => number(Object.values(set.splits).reduce((sum, split) => sum + (split.report.warnings?.length ?? 0), 0)) },
    { label: "Made", number: true, sort: (set) => set.created_at, cell: (set) => ago(set.created_at) },
];

export async function page(view) {
    view.title("Data sets");
    const table = new Table(columns, { caption: "Data sets, the newest first" });
    const place = h("div");
    fill(view.element, h("div", { class: "head" }, h("h1", null, "Data sets")), h("div", { class: "card" }, place), may("train") && section("Upload a data set", form(view)));
    const sets = await list("/v1/datasets", {}, { signal: view.signal });
    table.show(sets);
    fill(place, sets.length ? table.element : emptyState("No data set yet", "Drop train.npz, valid.npz and test.npz below, with a meta.json that names the labels."));
}

function form(view) {
    const fault = h("div");
    const progress = h("div");
    const chosen = h("ul");
    const name = h("input", { id: "set-name", required: true, maxlength: "200", placeholder: "mosi_windows" });
    const labels = h("input", { id: "set-labels", placeholder: "angry, happy, sad", "aria-describedby": "labels-hint" });
    let files = [];
    const zone = dropzone("Drop train, valid and test (npz or lines of JSON) and meta.json here, or pick them", ".npz,.jsonl,.ndjson,.json", async (picked) => {
        fill(fault);
        files = [];
        const words = [];
        for (const file of picked) {
            const split = splitOf(file.name);
            if (/^meta.*\.json$/i.test(file.name)) {
                try {
                    const meta = JSON.parse(await file.text());
                    if (meta.labels) labels.value = meta.labels.join(", ");
                    if (meta.name && !name.value) name.value = meta.name;
                    words.push(`${file.name}: names ${meta.labels?.length ?? 0} labels`);
                } catch { words.push(`${file.name}: is no JSON, and left out`); }
            } else if (split) {
                files.push([split, file]);
                words.push(`${file.name}: split ${split}`);
            } else words.push(`${file.name}: left out, as its name says neither train, valid nor test`);
        }
        fill(chosen, words.map((text) => h("li", null, text)));
    });
    const element = h("form", null, fault, zone, chosen,
        h("div", { class: "fields" },
            h("div", { class: "field" }, h("label", { for: "set-name" }, "Name"), name),
            h("div", { class: "field" }, h("label", { for: "set-labels" }, "Labels"), labels, h("span", { class: "hint", id: "labels-hint" }, "In the order of the arrays, with commas; may be left empty for lines of JSON"))),
        h("button", { type: "submit" }, "Upload"), progress);
    onSubmit(element, fault, async () => {
        if (files.length === 0) return fill(fault, h("p", { class: "notice", role: "alert" }, "Pick the files of the splits first."));
        const names = labels.value.split(",").map((word) => word.trim()).filter(Boolean);
        const set = await post("/v1/datasets", { name: name.value, ...(names.length ? { labels: names } : {}) });
        const isGood = await uploadSplits(set.id, files, progress, view.signal);
        if (isGood) location.hash = `#/datasets/${set.id}`;
        // Half a data set would only be in the way of the next try.
        else await call("DELETE", at`/v1/datasets/${set.id}`);
    });
    return element;
}
