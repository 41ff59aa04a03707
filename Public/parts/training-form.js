// What jobs and sweeps have in common: the data set, the model, the recipe and its hyperparameters.
import { get, list, schema } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { Field, valuesOf } from "./fields.js";

/** The hyperparameters that most people look at; the others are folded in. */
const common = ["epochs", "batch_size", "learning_rate", "d_model", "heads", "feed_forward", "unimodal_blocks", "multimodal_blocks", "dropout", "warmup_steps", "atm", "app"];

/** For a first try on any machine. */
const small = { d_model: 64, heads: 4, feed_forward: 128, unimodal_blocks: 1, multimodal_blocks: 1, learning_rate: 1e-3, epochs: 10 };

export class TrainingForm {
    /** @param members names of the members of the request to show beside the dataset, the model and the recipe */
    static async make(view, members) {
        const [request, settings, recipes, datasets] = await Promise.all([
            schema("JobRequest"), schema("HyperparameterSettings"), get("/v1/recipes"), list("/v1/datasets", {}, { signal: view.signal })]);
        return new TrainingForm(view, request.properties, settings.properties, recipes.data, datasets, members);
    }

    constructor(view, request, settings, recipes, datasets, members) {
        this.recipes = recipes;
        this.datasets = datasets.filter((dataset) => dataset.status === "ready");
        this.dataset = new Field("dataset", { ...request.dataset, enum: this.datasets.map((dataset) => dataset.id) }, "/dataset", { required: true });
        for (const option of this.dataset.input.options) {
            const dataset = this.datasets.find((one) => one.id === option.value);
            if (dataset) option.textContent = dataset.name;
        }
        this.dataset.value = view.query.get("dataset") ?? this.datasets[0]?.id;
        this.model = new Field("model", request.model, "/model", { required: true });
        this.model.value = view.query.get("model") ?? "emo";
        this.recipe = new Field("recipe", request.recipe);
        this.recipe.input.addEventListener("change", () => this.showRecipe());
        const names = Object.keys(settings).sort((one, other) => order(one) - order(other));
        this.hyperparameters = names.map((name) => new Field(name, settings[name], `/hyperparameters/${name}`));
        this.others = members.map((name) => new Field(name, request[name]));
        this.checkpoint = Object.entries(request.checkpoint.properties).map(([name, part]) => new Field(name, part, `/checkpoint/${name}`));
        this.stopping = Object.entries(request.early_stopping.properties).map(([name, part]) => new Field(name, { ...part, default: undefined }, `/early_stopping/${name}`));
        this.showRecipe();
        this.elements = this.layout();
    }

    layout() {
        const group = (title, fields, open = true) => h("details", { class: "card", open }, h("summary", null, title), h("div", { class: "fields" }, fields.map((field) => field.element)));
        const isCommon = (field) => common.includes(field.name);
        return [
            h("div", { class: "card" }, h("div", { class: "fields" }, [this.dataset, this.model, this.recipe, ...this.others].map((field) => field.element)),
                h("div", { class: "actions" },
                    h("button", { type: "button", class: "plain", onclick: () => this.set(small) }, "Small and quick"),
                    h("button", { type: "button", class: "plain", onclick: () => this.set({}) }, "All as the recipe has it"))),
            group("Hyperparameters", this.hyperparameters.filter(isCommon)),
            group("All other hyperparameters", this.hyperparameters.filter((field) => !isCommon(field)), false),
            group("Checkpoints, and early stopping where a metric or a patience is given", [...this.checkpoint, ...this.stopping], false),
        ];
    }

    get fields() {
        return [this.dataset, this.model, this.recipe, ...this.others, ...this.hyperparameters, ...this.checkpoint, ...this.stopping];
    }

    get recipeSettings() {
        return this.recipes.find((recipe) => recipe.name === (this.recipe.value ?? "paper")).hyperparameters;
    }

    showRecipe() {
        for (const field of this.hyperparameters) field.setFallback(this.recipeSettings[field.name]);
    }

    /** Gives hyperparameters these values, and all others that of the recipe. */
    set(values) {
        for (const field of this.hyperparameters) field.value = values[field.name];
    }

    /** Takes over what a job was made of. */
    copy(job) {
        [this.dataset.value, this.model.value, this.recipe.value] = [job.dataset, job.model, job.recipe];
        this.showRecipe();
        const base = this.recipeSettings;
        this.set(Object.fromEntries(Object.entries(job.hyperparameters).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name]))));
        for (const field of this.others) field.value = job[field.name];
        for (const field of this.checkpoint) field.value = job.checkpoint?.[field.name];
        for (const field of this.stopping) field.value = job.early_stopping?.[field.name];
    }

    /** The body of the request. */
    get body() {
        const parts = { hyperparameters: this.hyperparameters, checkpoint: this.checkpoint, early_stopping: this.stopping };
        const nested = Object.entries(parts).map(([name, fields]) => [name, valuesOf(fields)]).filter(([, values]) => Object.keys(values).length > 0);
        return { ...valuesOf([this.dataset, this.model, this.recipe, ...this.others]), ...Object.fromEntries(nested) };
    }
}

const order = (name) => (common.includes(name) ? common.indexOf(name) : common.length);
