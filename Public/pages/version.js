// One version of a model: what it was made of and what it can do.
import { at, get, list, send } from "../lib/api.js";
import { fill, h, save } from "../lib/dom.js";
import { metric, setting, short, time } from "../lib/format.js";
import { labelCurves } from "../parts/label-curves.js";
import { metricsTables, overallTable } from "../parts/metrics-tables.js";
import { plainTable } from "../parts/table.js";
import { action, facts, section } from "../parts/ui.js";

export async function page(view) {
    const [name, number] = view.parts;
    view.title(`${name} ${number}`);
    const [version, evaluations] = await Promise.all([
        get(at`/v1/models/${name}/versions/${number}`, {}, view.signal), list("/v1/evaluations", { model: name, version: number }, { limit: 50, signal: view.signal })]);
    const fault = h("div");
    const { metrics } = version;
    const done = evaluations.filter((evaluation) => evaluation.status === "succeeded");
    fill(view.element,
        h("div", { class: "head" }, h("h1", null, h("a", { href: `#/models/${name}` }, name), ` version ${number}`), h("div", { class: "actions" },
            h("a", { class: "button", href: `#/try?model=${name}&version=${number}` }, "Try it"),
            action("Download weights", fault, async () => {
                const response = await send("GET", at`/v1/models/${name}/versions/${number}/weights`);
                save(`${name}-${number}.safetensors`, await response.blob());
            }, { class: "plain" }))),
        fault,
        section("What it is", facts([
            ["Made", time(version.created_at)], ["Digest", h("code", null, version.digest)],
            ["Job", version.job && h("a", { href: `#/jobs/${version.job}` }, short(version.job))], ["Data set", version.dataset && h("a", { href: `#/datasets/${version.dataset}` }, short(version.dataset))],
            ["Best epoch", version.best_epoch && `${version.best_epoch}, by ${version.selected_by}`], ["Stopped early", version.stopped_early && JSON.stringify(version.stopped_early)],
            ["Checkpoint", version.checkpoint && `step ${version.checkpoint.step}, weights of ${version.checkpoint.weights}`], ["Seed", version.seed],
            ["Modalities", version.modalities.map((modality) => `${modality.name} (${modality.feature_size})`).join(", ")],
            ["Tuned thresholds", version.tuned_thresholds && version.labels.map((label, index) => `${label} ${metric(version.tuned_thresholds[index])}`).join(", ")]])),
        version.warnings?.length > 0 && section("To be known before the metrics are trusted", h("ul", null, version.warnings.map((warning) => h("li", null, warning.detail ?? warning.message ?? JSON.stringify(warning))))),
        section("Metrics", metrics ? metricsTables({ "test split": { own: metrics.test, byThreshold: metrics.test_by_threshold }, "validation split": { own: metrics.valid, byThreshold: metrics.valid_by_threshold } })
            : h("p", { class: "quiet" }, "Nothing was measured when it was made. ", h("a", { href: `#/models/${name}` }, "Have it measured on a data set"), ".")),
        done.length > 0 && section("Evaluations", overallTable("The newest first", done.map((one) => [h("a", { href: `#/datasets/${one.dataset}` }, `${short(one.dataset)}, ${one.split}, ${time(one.created_at)}`), one.metrics])), labelCurves(view, done[0])),
        section("Hyperparameters", h("details", null, h("summary", null, "Show all"), plainTable("Hyperparameters", ["Name", "Value"], Object.entries(version.hyperparameters).map(([key, value]) => [key, setting(value)])))));
}
