// What is computed of the courses of metrics before they are drawn. A measurement that is no number is NaN, and a gap.

/** Whether a job never changes any more. */
export const isOver = ({ status }) => ["succeeded", "failed", "cancelled"].includes(status);

/** Metrics of a training, in the order in which they are shown; `better` says which value is the best. */
export const metrics = [
    { name: "valid_micro_f1", title: "Validation miF1", better: "max" },
    { name: "loss_recognition", title: "Recognition loss", better: "min" },
    { name: "loss_masked", title: "Masked loss (ATM)", better: "min" },
    { name: "loss_perturbed", title: "Perturbed loss (APP)", better: "min" },
    { name: "valid_macro_f1", title: "Validation maF1", better: "max" },
    { name: "valid_accuracy", title: "Validation Acc", better: "max" },
    { name: "valid_hamming_loss", title: "Validation HL", better: "min" },
    { name: "learning_rate", title: "Learning rate" },
    { name: "gradient_norm", title: "Gradient norm" },
    { name: "clips_per_second", title: "Clips per second" },
];

/** The exponential moving average without the bias of its beginning; gaps stay. */
export function smooth(values, weight) {
    if (!weight) return values;
    let [sum, norm] = [0, 0];
    return values.map((value) => {
        if (Number.isNaN(value)) return value;
        [sum, norm] = [sum * weight + (1 - weight) * value, norm * weight + (1 - weight)];
        return sum / norm;
    });
}

/** The best and the last value of a series, each with its step; null for none. */
export function extremes(series, better) {
    const finite = series.values.map((value, index) => [value, series.steps[index]]).filter(([value]) => Number.isFinite(value));
    if (finite.length === 0) return { best: null, last: null };
    const isBetter = better === "max" ? (a, b) => a > b : (a, b) => a < b;
    const best = better ? finite.reduce((so, one) => (isBetter(one[0], so[0]) ? one : so)) : null;
    return { best, last: finite.at(-1) };
}

/** The value of a curve at x, between its points; undefined beyond them or next to a gap. */
function at({ x, y }, place, hint) {
    let index = hint.index;
    while (index < x.length && x[index] < place) index += 1;
    hint.index = index;
    if (index === x.length) return undefined;
    if (x[index] === place) return y[index];
    if (index === 0) return undefined;
    const share = (place - x[index - 1]) / (x[index] - x[index - 1]);
    return y[index - 1] * (1 - share) + y[index] * share;
}

/** Mean ± sample deviation of curves `{x, y}` of the same configuration, wherever one of them has a point. */
export function band(curves) {
    const places = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
    const hints = curves.map(() => ({ index: 0 }));
    const result = { x: places, mean: [], deviation: [] };
    for (const place of places) {
        const values = curves.map((curve, index) => at(curve, place, hints[index])).filter((value) => Number.isFinite(value));
        const mean = values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : NaN;
        const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        result.mean.push(mean);
        result.deviation.push(values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0);
    }
    return result;
}

/** Puts later points behind earlier ones; those of the same steps replace them. */
export function append(series, later) {
    const first = later.steps[0];
    let keep = series.steps.length;
    while (keep > 0 && series.steps[keep - 1] >= first) keep -= 1;
    series.steps = [...series.steps.slice(0, keep), ...later.steps];
    series.values = [...series.values.slice(0, keep), ...later.values];
}

/** What stands for a step on an axis: the step, the epochs done, or the seconds since the start as the events tell them. */
export function axis(kind, { job, clock }) {
    if (kind === "epoch") {
        const perEpoch = job.progress ? job.progress.steps / Math.max(job.progress.epochs, 1) : 1;
        return (step) => step / perEpoch;
    }
    if (kind === "time") {
        return (step) => {
            let index = clock.findIndex(([known]) => known >= step);
            if (index === 0) return clock[0][1];
            if (index < 0) index = clock.length - 1;
            if (index < 1) return NaN;
            const [[before, start], [after, end]] = [clock[index - 1], clock[index]];
            return start + ((step - before) / Math.max(after - before, 1)) * (end - start);
        };
    }
    return (step) => step;
}

/** When which step was done, in seconds since the start: as far as events tell. */
export function clockOf(job, events) {
    const start = Date.parse(job.started_at ?? job.created_at);
    const known = events.filter((event) => Number.isInteger(event.data?.step)).map((event) => [event.data.step, (Date.parse(event.created_at) - start) / 1000]);
    if (job.progress) known.push([job.progress.step, (Date.parse(job.finished_at ?? job.updated_at) - start) / 1000]);
    const clock = [[0, 0]];
    for (const point of known) if (point[0] > clock.at(-1)[0]) clock.push(point);
    return clock;
}

/** What runs of one configuration have in common, whatever their seeds. */
export const configuration = (job) => JSON.stringify([job.dataset, job.model, Object.entries(job.hyperparameters).sort()]);

/** Names that tell jobs apart by what they differ in. */
export function names(jobs, { withSeed = true } = {}) {
    const flat = jobs.map((job) => ({ ...job.hyperparameters, ...(job.sweep?.name && { "": job.sweep.name }), ...(withSeed && { seed: job.seed }) }));
    const differing = Object.keys(flat[0] ?? {}).filter((key) => new Set(flat.map((one) => JSON.stringify(one[key]))).size > 1);
    const shown = differing.includes("") ? ["", ...differing.filter((key) => key === "seed")] : differing.slice(0, 4);
    const texts = jobs.map((job, index) => [job.model, ...shown.map((key) => (key ? `${key} ${flat[index][key]}` : flat[index][key]))].join(", "));
    return texts.map((text, index) => (texts.indexOf(text) === texts.lastIndexOf(text) ? text : `${text} (${jobs[index].id.slice(-5)})`));
}
