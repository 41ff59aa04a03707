// Answers that may come in another order than they were asked for.

/** A function that awaits what it is given; undefined, also for a failure, where it was given something else meanwhile. */
export function latest() {
    let newest;
    return async (answer) => {
        newest = answer;
        try {
            const value = await answer;
            return newest === answer ? value : undefined;
        } catch (error) {
            if (newest === answer) throw error;
        }
    };
}
