// Versions measured on the same split, side by side.
import { at, get, list, post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { metric } from "../lib/format.js";
import { may } from "../lib/session.js";
import { labelCurves } from "./label-curves.js";
import { overall } from "./metrics-tables.js";
import { plainTable } from "./table.js";
import { action, select } from "./ui.js";

/** A form that has two versions measured on a split, unless they have been, and shows what came of it. */
export async function comparison(view, model) {
    if (!may("train")) return h("p", { class: "quiet" }, "To have versions measured takes a key for train.");
    const datasets = (await list("/v1/datasets", {}, { signal: view.signal })).filter((set) => Object.keys(set.splits).length > 0);
    if (datasets.length === 0) return h("p", { class: "quiet" }, "Upload a data set first.");
    const versions = model.versions.map((version) => [version.version, `version ${version.version}`]);
    const keep = (name) => (value) => view.keep({ [name]: value });
    const one = select("Version", versions, view.query.get("one") ?? versions[Math.min(1, versions.length - 1)][0], keep("one"));
    const other = select("with", versions, view.query.get("other") ?? versions[0][0], keep("other"));
    const set = select("on", datasets.map((dataset) => [dataset.id, dataset.name]), view.query.get("set") ?? model.versions[0].dataset, keep("set"));
    if (!set.element.value) set.element.value = datasets[0].id;
    const split = select("split", ["test", "valid", "train"], view.query.get("split") ?? "test", keep("split"));
    const threshold = select("thresholds", [["", "of the model"], ["tuned", "tuned"]], view.query.get("threshold") ?? "", keep("threshold"));
    const fault = h("div");
    const result = h("div", { "aria-live": "polite" });
    const start = action("Measure", fault, async () => {
        fill(result, h("p", { class: "quiet", role: "status" }, "Being measured …"));
        const measured = await Promise.all([one, other].map(async ({ element }) => {
            let evaluation = await post(at`/v1/models/${model.name}/versions/${element.value}/evaluate`, { dataset: set.element.value, split: split.element.value, ...(threshold.element.value && { threshold: "tuned" }) });
            while (["queued", "running"].includes(evaluation.status) && !view.signal.aborted) evaluation = await get(at`/v1/evaluations/${evaluation.id}`, { wait: 20 }, view.signal);
            return evaluation;
        }));
        show(view, result, measured);
    });
    return [h("div", { class: "controls" }, one.label, other.label, set.label, split.label, threshold.label, start), fault, result];
}

function show(view, place, measured) {
    const failed = measured.find((evaluation) => evaluation.status !== "succeeded");
    if (failed) return fill(place, h("p", { class: "notice", role: "alert" }, `Version ${failed.version} could not be measured: ${failed.error ?? failed.status}.`));
    const [one, other] = measured;
    const areKnown = (...values) => values.every(Number.isFinite);
    const isBetter = (a, b, isLess) => areKnown(a, b) && (isLess ? a < b : a > b);
    const row = (name, a, b, isLess) => [name, { content: metric(a), best: isBetter(a, b, isLess) }, { content: metric(b), best: isBetter(b, a, isLess) }, areKnown(a, b) ? (b - a > 0 ? "+" : "") + metric(b - a) : "–"];
    const head = ["", `version ${one.version}`, `version ${other.version}`, "difference"];
    const labels = one.metrics.counting.labels;
    const of = (evaluation, member, index) => evaluation.metrics[member]?.[index];
    fill(place,
        plainTable(`On ${one.clips} clips of the split ${one.split}; the better one is in bold, and HL and ECE are better when less`, head, overall.map(([member, title, isLess]) => row(title, one.metrics[member], other.metrics[member], isLess))),
        h("h3", null, "F1 and AUROC per label"),
        plainTable("F1 per label", head, labels.map((label, index) => row(label, of(one, "per_label_f1", index), of(other, "per_label_f1", index)))),
        plainTable("AUROC per label", head, labels.map((label, index) => row(label, of(one, "per_label_auroc", index), of(other, "per_label_auroc", index)))),
        h("h3", null, "Curves per label"), measured.map((evaluation) => labelCurves(view, evaluation)));
}
