// A new study: one of the paper's, or a grid of one's own.
import { post, schema } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { Field, showingFaults, valuesOf } from "../parts/fields.js";
import { TrainingForm } from "../parts/training-form.js";
import { emptyState, onSubmit, select, toast } from "../parts/ui.js";

const studies = {
    table2: "table 2 of the paper: without modalities, modules and parts of the method", "mask-ratio": "figure 4 a: eight mask ratios",
    "app-modules": "figure 4 b: which modules APP perturbs", "training-curves": "figure 5: curves with and without ATM and APP", grid: "a grid of my own",
};

export async function page(view) {
    view.title("New study");
    const [form, sweep, settings] = await Promise.all([TrainingForm.make(view, ["priority", "max_attempts", "time_limit_s"]), schema("SweepRequest"), schema("HyperparameterSettings")]);
    if (form.datasets.length === 0) {
        return fill(view.element, h("h1", null, "New study"), h("div", { class: "card" }, emptyState("No data set is ready", h("a", { href: "#/datasets" }, "Upload a data set"), " first.")));
    }
    const seeds = new Field("seeds", { ...sweep.properties.seeds, type: "string", description: "Each variant is trained with each of them; with commas" }, "/seeds", { required: true });
    seeds.value = "1, 2, 3";
    const models = new Field("keep_models", sweep.properties.keep_models);
    const axes = h("div", { class: "fields" });
    const kind = select("Variants", Object.entries(studies), view.query.get("study") ?? "table2", (word) => (view.keep({ study: word }), showKind()));
    const add = select("Add a hyperparameter", [["", "…"], ...Object.keys(settings.properties).sort()], "", (name) => {
        add.element.value = "";
        if (!name || grid.some((field) => field.name === name)) return;
        const { enum: words, description } = settings.properties[name];
        const field = new Field(name, { type: "string", description: `${description}. Values with commas${words ? `, of ${words.join(", ")}` : ""}.` }, `/grid/${name}`);
        grid.push(field);
        axes.append(field.element);
        field.input.focus();
    });
    let grid = [];
    const own = h("div", null, h("div", { class: "controls" }, add.label), axes);
    const showKind = () => (own.hidden = kind.element.value !== "grid");
    const fault = h("div");

    function body() {
        const { seeds: given, ...rest } = { ...form.body, ...valuesOf([models]), seeds: (seeds.value ?? "").split(",").map((word) => word.trim()).filter(Boolean).map(Number) };
        const numbers = (field) => ["integer", "number"].includes(settings.properties[field.name].type);
        const values = (field) => (field.value ?? "").split(",").map((word) => word.trim()).filter(Boolean).map((word) => (numbers(field) ? Number(word) : word === "true" ? true : word === "false" ? false : word));
        const choice = kind.element.value === "grid" ? { grid: Object.fromEntries(grid.map((field) => [field.name, values(field)])) } : { study: kind.element.value };
        return { ...rest, seeds: given, ...choice };
    }

    const element = h("form", { novalidate: true }, h("div", { class: "head" }, h("h1", null, "New study"), h("div", { class: "actions" }, h("button", { type: "submit" }, "Start the study"))), fault,
        h("div", { class: "card" }, h("div", { class: "controls" }, kind.label), own, h("div", { class: "fields" }, seeds.element, models.element)), form.elements);
    onSubmit(element, fault, async () => {
        const made = await showingFaults(() => [...form.fields, seeds, models, ...grid], () => post("/v1/sweeps", body()));
        toast(`${made.jobs.total} jobs wait for their turn.`);
        location.hash = `#/studies/${made.id}`;
    });
    showKind();
    fill(view.element, element);
}
