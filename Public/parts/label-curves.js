// ROC and reliability of the labels, as an evaluation has them.
import { h } from "../lib/dom.js";
import { stroke } from "../lib/chart.js";
import { metric } from "../lib/format.js";
import { Panel } from "./panel.js";

const diagonal = { label: "as by chance", color: "#8a8f99", dash: [3, 3], x: [0, 1], y: [0, 1] };

/** Two charts with a line per label; an evaluation from before these were kept has none. */
export function labelCurves(view, { curves, metrics, version }) {
    if (!curves) return h("p", { class: "quiet" }, `Have version ${version} measured once more to see its curves.`);
    const [roc, reliability] = [new Panel(`ROC of version ${version}`, view.signal), new Panel(`Reliability of version ${version}`, view.signal)];
    const fault = h("p", { class: "quiet" });
    const axes = { isFromZero: true, hasLegend: true };
    Promise.all([
        roc.draw([...curves.map(({ label, roc: points }, index) => ({
            label: `${label} (${metric(metrics.per_label_auroc[index])})`, ...stroke(index), x: points.map((point) => point.false_positive_rate), y: points.map((point) => point.true_positive_rate) })), diagonal],
        { ...axes, xTitle: "false positive rate" }),
        reliability.draw([...curves.map(({ label, reliability: bins }, index) => ({
            label: `${label} (ECE ${metric(metrics.per_label_expected_calibration_error[index])})`, ...stroke(index), x: bins.map((bin) => bin.probability), y: bins.map((bin) => bin.frequency) })), { ...diagonal, label: "as it should be" }],
        { ...axes, xTitle: "mean probability" })]).catch((error) => (fault.textContent = error.message));
    return [fault, h("div", { class: "panels wide" }, roc.element, reliability.element)];
}
