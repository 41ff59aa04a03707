// One data set: what is in it, and what is to be known before it is trusted.
import { at, get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { bytes, number, percent, short, time } from "../lib/format.js";
import { may } from "../lib/session.js";
import { dropzone } from "../parts/dropzone.js";
import { splitOf, splits, uploadSplits } from "../parts/split-uploads.js";
import { plainTable } from "../parts/table.js";
import { badge, emptyState, facts, meter, removal, section } from "../parts/ui.js";
import { splitPictures } from "../parts/split-pictures.js";

export async function page(view) {
    const [id] = view.parts;
    const set = await get(at`/v1/datasets/${id}`, {}, view.signal);
    view.title(set.name);
    const fault = h("div");
    const present = splits.filter((name) => set.splits[name]).map((name) => [name, set.splits[name].report]);
    const remove = removal("Delete", fault, `Delete the data set ${set.name}?`, at`/v1/datasets/${id}`, () => (location.hash = "#/datasets"));
    fill(view.element,
        h("div", { class: "head" }, h("h1", null, set.name), badge(set.status), h("div", { class: "actions" },
            may("train") && set.status === "ready" && h("a", { class: "button", href: `#/jobs/new?dataset=${id}` }, "Train on it"), may("train") && remove)),
        fault,
        section("What it is", facts([
            ["Id", h("code", null, id)], ["Made", time(set.created_at)], ["Labels", set.labels ? set.labels.join(", ") : null],
            ["Not finite", set.replace_nonfinite ? "read as 0" : "refused"], ["Splits", set.immutable ? "fixed, as a job uses them" : "may still be replaced"]])),
        present.length === 0 ? h("div", { class: "card" }, emptyState("No splits yet", "Drop the files below.")) : contents(set, present),
        may("train") && !set.immutable && section("Upload splits", uploads(view, id)),
        present.length > 0 && section("Labels together, and lengths", splitPictures(view, set, present.map(([name]) => name))));
}

function contents(set, present) {
    const modalities = present.flatMap(([split, report]) => report.modalities.map((modality) => [split, modality]));
    const troubles = present.flatMap(([split, report]) => report.problems.map((problem) => [split, problem]));
    const warnings = present.flatMap(([split, report]) => (report.warnings ?? []).map((warning) => [split, warning]));
    const longest = Math.max(1, ...modalities.map(([, modality]) => modality.maximum_length));
    return [
        section("Splits", plainTable("Files as they were uploaded", ["Split", "Clips", "Unlabelled", "Values replaced", "Size", "Content digest"],
            present.map(([name, report]) => [name, number(report.clips), number(report.unlabelled_clips), number(report.replaced_values), bytes(set.splits[name].bytes), h("code", { title: set.splits[name].content_digest }, set.splits[name].content_digest?.slice(7, 19) ?? "–")]))),
        section("Modalities", plainTable("Shapes are [clips, units, features]", ["Split and modality", "Shape", "Missing", "", "Units: least, median, most", ""],
            modalities.map(([split, modality]) => [`${split}, ${modality.name}`, `[${modality.shape.join(", ")}]`, percent(modality.missing_rate, 1), meter(modality.missing_rate, { kind: "faint", label: `${percent(modality.missing_rate, 1)} missing` }),
                `${modality.minimum_length}, ${modality.median_length}, ${modality.maximum_length}`, meter(modality.maximum_length / longest, { mark: modality.median_length / longest, label: `median ${modality.median_length} of at most ${longest} units` })]))),
        section("Labels", plainTable("Share of the clips that a label occurs in", ["Label", ...present.flatMap(([name]) => [name, ""])],
            (set.labels ?? []).map((label, index) => [label, ...present.flatMap(([, report]) => {
                const share = report.label_counts[index] / Math.max(report.clips, 1);
                return [`${number(report.label_counts[index])} (${percent(share, 1)})`, meter(share, { label: `${label}: ${percent(share, 1)}` })];
            })]))),
        h("div", { class: "columns" },
            section("Warnings", warnings.length === 0 ? h("p", { class: "good" }, "Nothing that one should know.")
                : h("ul", null, warnings.map(([split, warning]) => h("li", null, h("strong", null, `${split}: `), warning.detail,
                    warning.examples?.length > 0 && h("details", null, h("summary", null, `examples (${warning.examples.length} of ${warning.count})`), h("ul", { class: "small" }, warning.examples.map((example) => h("li", null, String(example))))))))),
            section("Problems", troubles.length === 0 ? h("p", { class: "good" }, "None: each row could be read.")
                : plainTable("What could not be read as it is", ["Split", "Row", "Field", "Reason"], troubles.map(([split, problem]) => [split, problem.row ?? "–", problem.field ?? "–", problem.reason ?? problem.detail ?? short(JSON.stringify(problem))])))),
    ];
}

function uploads(view, id) {
    const progress = h("div");
    return [dropzone("Drop train, valid or test (npz or lines of JSON) here, or pick them; what is there is replaced", ".npz,.jsonl,.ndjson", async (files) => {
        const known = files.map((file) => [splitOf(file.name), file]).filter(([split]) => split);
        if (known.length === 0) return fill(progress, h("p", { class: "notice" }, "The names of the files must say train, valid or test."));
        if (await uploadSplits(id, known, progress, view.signal)) page(view);
    }), progress];
}
