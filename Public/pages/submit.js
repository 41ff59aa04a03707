// A new job, from scratch or with changes to another.
import { at, get, post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { short } from "../lib/format.js";
import { showingFaults } from "../parts/fields.js";
import { TrainingForm } from "../parts/training-form.js";
import { emptyState, onSubmit, toast } from "../parts/ui.js";

export async function page(view) {
    const original = view.query.get("clone") && (await get(at`/v1/jobs/${view.query.get("clone")}`));
    const title = original ? `New job like ${short(original.id)}` : "New job";
    view.title(title);
    const form = await TrainingForm.make(view, ["seed", "priority", "max_attempts", "time_limit_s"]);
    if (form.datasets.length === 0) {
        return fill(view.element, h("h1", null, title), h("div", { class: "card" }, emptyState("No data set is ready", "A job needs one with the splits train and valid: ", h("a", { href: "#/datasets" }, "upload a data set"), ".")));
    }
    if (original) form.copy(original);
    const fault = h("div");
    // The same press twice is the same job.
    const idempotencyKey = crypto.randomUUID?.() ?? String(Math.random());
    const element = h("form", { novalidate: true },
        h("div", { class: "head" }, h("h1", null, title), h("div", { class: "actions" }, h("button", { type: "submit" }, "Start the job"))),
        h("p", { class: "quiet" }, "What is left empty is as the recipe or the service has it, shown in grey."), fault, form.elements);
    onSubmit(element, fault, async () => {
        const job = await showingFaults(() => form.fields, () => post("/v1/jobs", form.body, { headers: { "Idempotency-Key": idempotencyKey } }));
        toast("The job waits for its turn.");
        location.hash = `#/jobs/${job.id}`;
    });
    fill(view.element, element);
}
