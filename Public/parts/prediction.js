// Pictures of a prediction.
import { h } from "../lib/dom.js";
import { metric } from "../lib/format.js";
import { meter } from "./ui.js";

/**
 * Probabilities as bars with a line at the threshold, the most probable label first.
 *
 * @param whole the prediction with all that the clip has
 * @param rest that without some modalities, whose bars are then beside those
 * @param truth 0 or 1 per label, where it is known
 */
export function bars(version, whole, rest, truth) {
    const shown = rest ?? whole;
    const threshold = (label) => version.tuned_thresholds?.[version.labels.indexOf(label)] ?? version.hyperparameters.threshold;
    const labels = [...version.labels].sort((one, other) => whole.probabilities[other] - whole.probabilities[one]);
    const difference = (label) => shown.probabilities[label] - whole.probabilities[label];
    return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Probabilities" }, h("table", { id: "probabilities" },
        h("caption", null, `The line is the ${version.tuned_thresholds ? "tuned " : ""}threshold of the label`, rest ? "; the paler bar is with all modalities" : ""),
        h("thead", null, h("tr", null, ["Label", "", "Probability", ...(rest ? ["With all", "Change"] : []), "Predicted", ...(truth ? ["True"] : [])].map((text, index) => h("th", { scope: "col", class: index > 1 ? "number" : null }, text)))),
        h("tbody", null, labels.map((label) => h("tr", { "data-label": label },
            h("th", { scope: "row" }, label),
            h("td", { style: { width: "45%" } }, meter(shown.probabilities[label], { mark: threshold(label), kind: "tall", label: `${label}: ${metric(shown.probabilities[label])}, threshold ${metric(threshold(label))}` }),
                rest && meter(whole.probabilities[label], { kind: "faint", label: `with all: ${metric(whole.probabilities[label])}` })),
            h("td", { class: "number" }, metric(shown.probabilities[label])),
            rest && [h("td", { class: "number" }, metric(whole.probabilities[label])), h("td", { class: "number" }, (difference(label) > 0 ? "+" : "") + metric(difference(label)))],
            h("td", { class: "number" }, shown.labels.includes(label) ? h("strong", { class: "good" }, "yes") : h("span", { class: "quiet" }, "no")),
            truth && h("td", { class: "number" }, truth[version.labels.indexOf(label)] ? "yes" : h("span", { class: "quiet" }, "no")))))));
}

/** The score of every unit over time, by modality: the higher, the sooner the masking network would take it away. */
export function saliency(scores) {
    const rows = Object.entries(scores).filter(([, values]) => values?.length);
    return [h("p", { class: "quiet" }, "The masking network's score of every unit in its order, from 0 to 1. What scores high carries the emotion: training masks it first."),
        h("div", { class: "strips" }, rows.flatMap(([name, values]) => [
            h("span", null, name, h("span", { class: "quiet small" }, ` ${values.length} units`)),
            h("div", { class: "strip", role: "img", "aria-label": `${name}: ${values.map((value) => value.toFixed(2)).join(", ")}` },
                values.map((value, index) => h("span", { title: `unit ${index}: ${metric(value)}`, style: { height: `${Math.max(3, 100 * value)}%`, opacity: String(0.35 + 0.65 * value) } })))]))];
}
