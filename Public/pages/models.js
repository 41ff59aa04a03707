// The list of models.
import { list, post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { ago, metric, number } from "../lib/format.js";
import { Table } from "../parts/table.js";
import { badge, emptyState } from "../parts/ui.js";

export async function page(view) {
    view.title("Models");
    const [models, states] = await Promise.all([list("/v1/models", {}, { signal: view.signal }), post("/v2/repository/index", {})]);
    const state = (version) => states.find((one) => one.name === version.name && one.version === String(version.version))?.state ?? "UNAVAILABLE";
    const table = new Table([
        { label: "Model", header: true, sort: (model) => model.name, cell: (model) => h("a", { href: `#/models/${model.name}` }, model.name) },
        { label: "Newest", number: true, sort: (model) => model.newest.version, cell: (model) => String(model.newest.version) },
        { label: "State", cell: (model) => badge(state(model.newest)) },
        { label: "Modalities", cell: (model) => model.newest.modalities.map((modality) => [h("span", { class: "tag" }, `${modality.name} ${modality.feature_size}`), " "]) },
        { label: "Labels", number: true, sort: (model) => model.newest.labels.length, cell: (model) => number(model.newest.labels.length) },
        { label: "Valid miF1", number: true, sort: (model) => model.newest.metrics?.valid.micro_f1, cell: (model) => metric(model.newest.metrics?.valid.micro_f1) },
        { label: "Test miF1", number: true, sort: (model) => model.newest.metrics?.test?.micro_f1, cell: (model) => metric(model.newest.metrics?.test?.micro_f1) },
        { label: "Made", number: true, sort: (model) => model.newest.created_at, cell: (model) => ago(model.newest.created_at) },
        { label: "", cell: (model) => h("a", { href: `#/try?model=${model.name}`, "aria-label": `Try ${model.name}` }, "Try it") },
    ], { caption: "Models, each with its newest version", key: (model) => model.name });
    table.show(models);
    fill(view.element, h("div", { class: "head" }, h("h1", null, "Models")),
        h("div", { class: "card" }, models.length ? table.element
            : emptyState("No model yet", "A job that succeeds makes a version of one, and so does a checkpoint that is promoted: ", h("a", { href: "#/jobs/new" }, "start a job"), ".")));
}
