// Before anything is drawn, so that the page does not flash in the other colours.
{
    const root = document.documentElement;
    const stored = localStorage.getItem("theme");
    if (stored) root.dataset.theme = stored;
}
