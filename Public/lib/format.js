// Numbers, times and sizes as people read them.

/** A number with about so many significant digits; a dash for none. */
export function number(value, digits = 4) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en");
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en");
    if (size < 1e-4) return value.toExponential(2);
    return String(Number(value.toPrecision(digits)));
}

/** A share as a metric is written: 0.613. */
export const metric = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");
export const percent = (value, digits = 0) => (Number.isFinite(value) ? `${(100 * value).toFixed(digits)} %` : "–");

/** Seconds as 42 s, 3 min 20 s or 2 h 5 min. */
export function duration(seconds) {
    if (!Number.isFinite(seconds)) return "–";
    if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
    const whole = Math.round(seconds);
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
    return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

export function bytes(count) {
    if (!Number.isFinite(count)) return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let index = 0;
    while (count >= 1024 && index < units.length - 1) [count, index] = [count / 1024, index + 1];
    return `${index === 0 ? count : count.toFixed(1)} ${units[index]}`;
}
export const time = (text) => (text ? new Date(text).toLocaleString("en-GB") : "–");

/** How long ago a moment was. */
export const ago = (text) => (text ? `${duration(Math.max(0, Math.round((Date.now() - Date.parse(text)) / 1000)))} ago` : "–");

/** The end of an id, which is enough to tell it from others. */
export const short = (id) => id.replace(/^(\w+_).*(.{5})$/, "$1…$2");

/** The value of a hyperparameter as text. */
export const setting = (value) => (Array.isArray(value) ? value.join(", ") || "none" : String(value));

/** mean ± deviation of figures over seeds. */
export const spread = (figure) =>
    figure ? `${metric(figure.mean)}${figure.deviation === undefined ? "" : ` ± ${metric(figure.deviation)}`}` : "–";
