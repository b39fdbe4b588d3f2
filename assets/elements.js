// Makes elements. Texts become text nodes: nothing that a model or a tool said is ever read as HTML.

/** An element with these properties, and children that are elements or texts. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** What a template holds, as an element of its own. */
export function copyTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}
