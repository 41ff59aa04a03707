// Parts of the page of a job: its events, its log, its checkpoints and its hyperparameters.
import { at, get, post, send } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { bytes, metric, number, setting, time } from "../lib/format.js";
import { may } from "../lib/session.js";
import { plainTable } from "../parts/table.js";
import { action, repeat, section } from "../parts/ui.js";

/** Events in words, the newest first. */
export function eventList() {
    const body = h("ol", { reversed: true, "aria-label": "Events, the newest first" });
    const element = h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Events", style: { maxHeight: "20rem", overflowY: "auto" } }, body);
    const opened = Date.now();
    return {
        element,
        isCaughtUp: false,
        add(sequence, event) {
            this.isCaughtUp = Date.parse(event.created_at) > opened - 2000;
            body.prepend(h("li", { value: sequence, "data-sequence": sequence }, h("span", { class: "quiet small" }, time(event.created_at)), " ", describe(event)));
            while (body.children.length > 500) body.lastChild.remove();
        },
    };
}

function describe({ kind, data }) {
    switch (kind) {
        case "state": return h("strong", null, data.error ? `${data.state}: ${data.error}` : data.state);
        case "epoch": return `epoch ${data.epoch}: miF1 ${metric(data.metrics.valid_micro_f1)}, maF1 ${metric(data.metrics.valid_macro_f1)}${data.best ? ", the best so far" : ""}`;
        default: return `${kind.replaceAll("_", " ")} ${Object.entries(data ?? {}).map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ")}`;
    }
}

/** The end of the log, which is read again as it grows. */
export async function log(view, id) {
    const text = h("pre", { tabindex: "0", "aria-label": "Log" }, "The workers have said nothing.");
    let tag;
    const read = async () => {
        const response = await send("GET", at`/v1/jobs/${id}/logs`, { headers: { Range: "bytes=-20000", ...(tag && { "If-None-Match": tag }) }, signal: view.signal });
        if (response.status === 304) return;
        tag = response.headers.get("ETag");
        const words = await response.text();
        if (words) text.textContent = words;
        text.scrollTop = text.scrollHeight;
    };
    repeat(view.signal, 5000, read);
    return section("Log", text);
}

/** Checkpoints that can become versions of the model. */
export function checkpoints(job, fault, onPromoted) {
    if (job.checkpoints.length === 0) return null;
    const promote = (step, weights, label) => action(label, fault, async () => {
        onPromoted(await post(at`/v1/jobs/${job.id}/checkpoints/${step}/promote?weights=${weights}`));
    }, { class: "plain", "aria-label": `Promote ${weights === "best" ? "the best epoch until" : "the weights of"} step ${step}` });
    return section("Checkpoints", plainTable("Trainings that can go on, the newest first", ["Step", "Epochs done", "Size", "Best epoch", "Valid miF1 then", ...(may("train") ? ["Make a version of"] : [])],
        job.checkpoints.map((one) => [number(one.step), String(one.epoch), bytes(one.byte_count), one.best_epoch === undefined ? "–" : String(one.best_epoch), metric(one.validation?.micro_f1),
            ...(may("train") ? [h("span", { class: "actions" }, promote(one.step, "step", "This step"), one.best_epoch !== undefined && promote(one.step, "best", "Its best epoch"))] : [])])));
}

/** All hyperparameters, those first that differ from the recipe. */
export async function hyperparameters({ recipe, hyperparameters: values }) {
    const base = (await get("/v1/recipes")).data.find((one) => one.name === recipe)?.hyperparameters ?? {};
    const differs = (name) => JSON.stringify(values[name]) !== JSON.stringify(base[name]);
    const rows = (these) => these.map((name) => [name, setting(values[name]), name in base ? setting(base[name]) : "–"]);
    const [changed, same] = [Object.keys(values).filter(differs), Object.keys(values).filter((name) => !differs(name))];
    const head = ["Hyperparameter", "Value", `Of the recipe ${recipe}`];
    return section("Hyperparameters",
        changed.length ? plainTable("Those that differ from the recipe", head, rows(changed), { numbers: false }) : h("p", null, `All are as the recipe ${recipe} has them.`),
        h("details", null, h("summary", null, `${same.length} as the recipe has them`), plainTable("Those as the recipe has them", head, rows(same), { numbers: false })));
}
