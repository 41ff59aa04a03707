// What was measured of a model on a split: figures over all labels, and per label, at one threshold or another.
import { fill, h } from "../lib/dom.js";
import { metric, percent } from "../lib/format.js";
import { plainTable } from "./table.js";
import { select } from "./ui.js";

/** Figures over all labels: member, title, and whether less is better. */
export const overall = [
    ["accuracy", "Acc"], ["hamming_loss", "HL", true], ["micro_f1", "miF1"], ["macro_f1", "maF1"], ["micro_precision", "miP"], ["micro_recall", "miR"],
    ["macro_auroc", "Macro AUROC"], ["macro_average_precision", "Macro AP"], ["expected_calibration_error", "ECE", true]];

const perLabel = [["per_label_f1", "F1"], ["per_label_auroc", "AUROC"], ["per_label_average_precision", "AP"], ["per_label_expected_calibration_error", "ECE"]];

/** One row per set of metrics: `[name, metrics]`. */
export const overallTable = (caption, rows) =>
    plainTable(caption, ["", ...overall.map(([, title]) => title)], rows.map(([name, metrics]) => [name, ...overall.map(([member]) => metric(metrics[member]))]));

export function perLabelTable(caption, metrics) {
    const { labels, prevalence, predicted_counts: predicted, clips, thresholds } = metrics.counting;
    return plainTable(caption, ["Label", "Threshold", "Occurs in", "Predicted in", ...perLabel.map(([, title]) => title)],
        labels.map((label, index) => [label, metric(thresholds.values[index]), percent(prevalence[index], 1), percent(predicted[index] / clips, 1), ...perLabel.map(([member]) => metric(metrics[member]?.[index]))]));
}

/**
 * Tables of several splits, of which one is shown at a time.
 *
 * @param splits by title, `{own, byThreshold}`: metrics at the thresholds of the model, and at 0.5 and the tuned ones
 */
export function metricsTables(splits) {
    const choices = Object.entries(splits).filter(([, split]) => split?.own).flatMap(([title, { own, byThreshold }]) =>
        byThreshold ? Object.entries(byThreshold).filter(([, value]) => value?.counting).map(([name, value]) => [`${title}, ${name === "tuned" ? "tuned thresholds" : `threshold ${name}`}`, value]) : [[title, own]]);
    if (choices.length === 0) return h("p", { class: "quiet" }, "Nothing was measured.");
    const place = h("div");
    const show = (title) => {
        const metrics = Object.fromEntries(choices)[title];
        const never = metrics.counting.labels_never_predicted;
        fill(place, perLabelTable(`Per label, on ${metrics.counting.clips} clips, ${title}`, metrics),
            never?.length > 0 && h("p", { class: "notice" }, `Never predicted at these thresholds: ${never.join(", ")}.`));
    };
    show(choices[0][0]);
    return [overallTable("Over all labels; HL and ECE are better when less", choices), h("h3", null, "Per label"), select("Measured on", choices.map(([title]) => title), choices[0][0], show).label, place];
}
