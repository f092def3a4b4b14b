/** A described picture (`{tag, attributes, children, text}`) as elements. */

const SVG = "http://www.w3.org/2000/svg";

export function svgOf({ tag, attributes = {}, children = [], text }) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children.map(svgOf));
  return element;
}
