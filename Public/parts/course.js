// A figure of a study's variants over the one number that sets them apart, as figure 4 of the paper has it over the mask ratio.
import { stroke } from "../lib/chart.js";
import { Panel } from "./panel.js";

/** The hyperparameter whose numbers set three or more variants apart, with the variants by rising number; undefined for none. */
function axisOf(cells) {
    const names = [...new Set(cells.flatMap((cell) => Object.keys(cell.hyperparameters)))];
    const differing = names.filter((name) => new Set(cells.map((cell) => JSON.stringify(cell.hyperparameters[name]))).size > 1);
    const value = (cell) => cell.hyperparameters[differing[0]];
    if (differing.length !== 1 || cells.length < 3 || !cells.every((cell) => Number.isFinite(value(cell)))) return undefined;
    return { name: differing[0], value, cells: [...cells].sort((one, other) => value(one) - value(other)) };
}

export class Course {
    constructor(signal) {
        this.panel = new Panel("Over what sets them apart", signal);
    }

    get element() {
        return this.panel.element;
    }

    /** Shows a metric on a split; false where there is no such number. */
    draw(cells, split, metric, title) {
        const axis = axisOf(cells);
        if (!axis) return false;
        const known = axis.cells.filter((cell) => cell.metrics[split]?.[metric]);
        const figures = known.map((cell) => cell.metrics[split][metric]);
        const deviation = figures.every((figure) => Number.isFinite(figure.deviation)) ? figures.map((figure) => figure.deviation) : undefined;
        this.panel.draw([{ label: `${title}, ${split}`, ...stroke(0), x: known.map(axis.value), y: figures.map((figure) => figure.mean), deviation }],
            { xTitle: axis.name, hasLegend: true }).catch((error) => console.warn(error.message));
        return true;
    }
}
