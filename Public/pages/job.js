// One job: what it does, its curves, what came of it.
import { at, get, list, post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { ago, duration, number, short, time } from "../lib/format.js";
import { isOver } from "../lib/series.js";
import { may } from "../lib/session.js";
import { follow } from "../lib/stream.js";
import { Curves } from "../parts/curves.js";
import { metricsTables } from "../parts/metrics-tables.js";
import { action, badge, facts, meter, removal, section, select, toast } from "../parts/ui.js";
import { checkpoints, eventList, hyperparameters, log } from "./job-parts.js";

export async function page(view) {
    const [id] = view.parts;
    let job = await get(at`/v1/jobs/${id}`, {}, view.signal);
    view.title(`${job.model} ${short(id)}`);
    const fault = h("div");
    const head = h("div", { class: "head" });
    const state = h("section", { class: "card", "aria-label": "State" });
    const connection = h("span", { class: "quiet small", role: "status" });
    const announcement = h("div", { class: "hidden-label", role: "status", "aria-live": "polite" });
    const others = () => (view.query.get("with") ?? "").split(",").filter(Boolean);
    const showCurves = (ids) => {
        view.keep({ with: ids.join(",") });
        return curves.show([id, ...ids]);
    };
    const curves = new Curves(view, (removed) => showCurves(others().filter((other) => other !== removed)));
    curves.fixed = id;
    const results = h("div");
    const saved = h("div");
    const events = eventList();
    fill(view.element, head, announcement, fault, state,
        section("Curves", comparison(), curves.element), results, saved,
        h("div", { class: "columns" }, section("Events", connection, events.element), await log(view, id)),
        await hyperparameters(job));

    /** Others to compare with, of which those of the same data come first. */
    function comparison() {
        const place = h("div", { class: "controls" });
        list("/v1/jobs", {}, { size: 100, limit: 200, signal: view.signal }).then((jobs) => {
            const rest = jobs.filter((other) => other.id !== id).sort((one, other) => (other.dataset === job.dataset) - (one.dataset === job.dataset));
            if (rest.length === 0) return;
            const add = select("Compare with", [["", "another job …"], ...rest.map((other) => [other.id, `${other.model}, seed ${other.seed}, ${other.sweep?.name ?? short(other.id)}, ${other.status}`])], "", (other) => {
                add.element.value = "";
                if (other && !others().includes(other)) showCurves([...others(), other]);
            });
            fill(place, add.label);
        }).catch(() => {});
        return place;
    }

    function drawHead() {
        const act = (verb, label, kind) => action(label, fault, async () => {
            job = await post(at`/v1/jobs/${id}/${verb}`);
            draw();
        }, { class: kind });
        fill(head, h("h1", null, job.model, " ", h("span", { class: "quiet mono small" }, id)), badge(job.status),
            h("div", { class: "actions" }, may("train") && [
                ["queued", "running"].includes(job.status) && act("pause", "Pause", "plain"),
                ["paused", "pausing"].includes(job.status) && act("resume", "Resume", ""),
                !isOver(job) && job.status !== "cancelling" && act("cancel", "Cancel", "danger"),
                h("a", { class: "button plain", href: `#/jobs/new?clone=${id}` }, "Clone with changes"),
                isOver(job) && removal("Delete", fault, "Delete this job, with its history and checkpoints? Models that came of it stay.", at`/v1/jobs/${id}`, () => (location.hash = "#/jobs"))]));
    }

    function drawState() {
        const { progress } = job;
        fill(state,
            progress && [meter(progress.fraction, { kind: "tall", label: `${Math.round(100 * progress.fraction)} % of the steps are done` }),
                h("p", { id: "progress" }, `Step ${number(progress.step)} of ${number(progress.steps)}, epoch ${progress.epoch} of ${progress.epochs}`,
                    progress.clips_per_second && `, ${number(progress.clips_per_second, 3)} clips/s`, job.eta_s !== undefined && `, ${duration(job.eta_s)} left`)],
            job.error && h("div", { class: "problem" }, h("strong", null, "It failed. "), job.error, h("div", null, "The log below may say more; Clone with changes starts it anew.")),
            facts([
                ["Data set", h("a", { href: `#/datasets/${job.dataset}` }, short(job.dataset))], ["Recipe, seed", `${job.recipe}, ${job.seed}`],
                ["Part of", job.sweep && h("a", { href: `#/studies/${job.sweep.id}` }, job.sweep.name ?? job.sweep.id)],
                ["Made, ran", `${time(job.created_at)}, ${duration(job.ran_s)}`], ["Attempts", job.attempts.length > 1 ? job.attempts.map((attempt) => `${attempt.number} ${attempt.outcome}${attempt.error ? ` (${attempt.error})` : ""}`).join("; ") : null],
                ["Waits", job.delay_s ? `${duration(job.delay_s)} until the next attempt` : null],
                ["Versions", job.model_versions.length ? job.model_versions.map((version) => [h("a", { href: `#/models/${version.name}/${version.version}` }, `${version.name} ${version.version}`), version.checkpoint === undefined ? " " : ` (of step ${version.checkpoint}) `]) : null]]));
    }

    function draw() {
        drawHead();
        drawState();
        fill(saved, checkpoints(job, fault, async (version) => {
            toast(`It is version ${version.version} of ${version.name}.`);
            await update();
        }));
        const { result } = job;
        fill(results, result && section(`Result at the best epoch, ${result.best_epoch}`, metricsTables({
            "validation split": { own: result.validation, byThreshold: result.validation_by_threshold }, "test split": { own: result.test, byThreshold: result.test_by_threshold } })));
    }

    let tag;

    /** Looks at the job again; while it runs, whenever it has changed. */
    async function update() {
        const before = job.status;
        job = await get(at`/v1/jobs/${id}`, {}, view.signal);
        const shown = JSON.stringify(job);
        if (shown === tag) return;
        tag = shown;
        // Whoever is about to press a button must not lose it.
        if (before !== job.status || job.checkpoints.length === 0 || !saved.contains(document.activeElement)) draw();
        else drawState();
        if (before !== job.status) announcement.textContent = `The job is ${job.status}.`;
    }

    draw();
    await curves.show([id, ...others()]);
    if (view.signal.aborted) return;
    const timer = setInterval(() => !isOver(job) && !document.hidden && update().catch(() => {}), 1000);
    view.signal.addEventListener("abort", () => clearInterval(timer));
    follow(at`/v1/jobs/${id}/events`, {
        signal: view.signal,
        onState: (word) => (connection.textContent = word === "live" ? "live" : "connecting again …"),
        onEvent: (sequence, event) => {
            events.add(sequence, event);
            if (events.isCaughtUp) Promise.all([update(), curves.refresh(id)]).catch(() => {});
        },
    }).then(() => {
        connection.textContent = `over ${ago(job.finished_at)}`;
        return Promise.all([update(), curves.refresh(id)]);
    }).catch((error) => {
        if (!view.signal.aborted) connection.textContent = error.message;
    });
}
