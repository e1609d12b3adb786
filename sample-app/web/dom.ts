/** What may stand in an element; `undefined` stands for nothing. */
export type Content = Node | string | undefined;

/**
 * Makes an element. Text becomes a text node, so nothing that a server says is ever read as HTML.
 *
 * @param attributes - `true` is an attribute without a value, `false` and `undefined` are none
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | boolean | undefined>> = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...content.filter((part) => part !== undefined));
  return element;
}

/** The element of index.html with that id. */
export function byId(id: string): HTMLElement;
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type;
export function byId(id: string, type = HTMLElement): HTMLElement {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`index.html has no ${type.name} #${id}`);
}

/** A button; what it does may take a while, and a second press meanwhile does nothing. */
export function button(
  attributes: Readonly<Record<string, string | boolean | undefined>>,
  content: readonly Content[],
  press: () => unknown,
): HTMLButtonElement {
  const element = h('button', { type: 'button', ...attributes }, ...content);
  element.addEventListener('click', () => void whileBusy(element, press));
  return element;
}

/** Not `disabled`, which would take the focus away from who presses it. */
export async function whileBusy(element: HTMLElement, work: () => unknown): Promise<void> {
  if (element.ariaDisabled === 'true') return;
  element.ariaDisabled = 'true';
  try {
    await work();
  } finally {
    element.ariaDisabled = null;
  }
}
