// What the pages' charts look like: their colours and axes, from the style sheet as it is at the moment.

/** A colour or font by its name in the style sheet, and what every axis has. */
export function chartLook() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const font = `12px ${colour("sans")}`;
  const axis = {
    stroke: colour("muted"),
    font,
    labelFont: font,
    labelSize: 20,
    grid: { stroke: colour("chart-grid"), width: 1 },
    ticks: { show: false },
  };
  return { colour, axis };
}
