// What the service measures of itself, read from the text for Prometheus.

/** Samples by metric: `{labels, value}`. */
export function parse(text) {
    const samples = new Map();
    for (const line of text.split("\n")) {
        const match = line.match(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/);
        if (!match) continue;
        const labels = Object.fromEntries([...(match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
        if (!samples.has(match[1])) samples.set(match[1], []);
        samples.get(match[1]).push({ labels, value: match[3] === "+Inf" ? Infinity : Number(match[3]) });
    }
    return samples;
}

/** The sum of the samples of a metric with these labels; NaN for none. */
export function total(samples, name, wanted = {}) {
    const found = (samples.get(name) ?? []).filter(({ labels }) => Object.keys(wanted).every((key) => labels[key] === wanted[key]));
    return found.length ? found.reduce((sum, { value }) => sum + value, 0) : NaN;
}

/** The cumulative counts of a histogram by upper bound, over all samples that `isWanted` takes. */
export function histogram(samples, name, isWanted = () => true) {
    const bounds = new Map();
    for (const { labels, value } of samples.get(`${name}_bucket`) ?? []) {
        if (!isWanted(labels)) continue;
        const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
        bounds.set(bound, (bounds.get(bound) ?? 0) + value);
    }
    return [...bounds].sort(([one], [other]) => one - other);
}

/** What happened between two readings of a histogram. */
export const since = (now, before) => now.map(([bound, count], index) => [bound, count - (before[index]?.[1] ?? 0)]);

/** The value that a share of what was measured does not exceed, between two bounds of a histogram; NaN for nothing. */
export function quantile(buckets, share) {
    const count = buckets.at(-1)?.[1] ?? 0;
    if (count <= 0) return NaN;
    const wanted = share * count;
    const index = buckets.findIndex(([, cumulative]) => cumulative >= wanted);
    const [upper, cumulative] = buckets[index];
    const [lower, below] = index > 0 ? buckets[index - 1] : [0, 0];
    if (upper === Infinity) return lower;
    return lower + (upper - lower) * ((wanted - below) / Math.max(cumulative - below, 1));
}
