// Before anything is drawn, so that the page does not flash in the other colours.
if (localStorage.getItem("theme")) document.documentElement.dataset.theme = localStorage.getItem("theme");
