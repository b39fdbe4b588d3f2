// One key, or two one after the other, in place of the mouse. The list of them stands in the page.
const list = document.querySelector('#shortcuts');

let isGoing = false;

const find = (selector) => document.querySelector(selector);

document.addEventListener('keydown', onKey);
document.querySelector('#show-shortcuts').addEventListener('click', () => list.showModal());

function onKey(event) {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  if (ctrlKey || metaKey || altKey || list.open) return;
  if (target.closest('input, select, textarea')) return;
  const action = isGoing ? () => goTo(key) : ACTIONS[key];
  isGoing = key === 'g' && !isGoing;
  if (!action) return;
  event.preventDefault();
  action();
}

const ACTIONS = {
  '?': () => list.showModal(),
  '/': () => (find('[type=search]') ?? find('main :is(textarea, input)'))?.focus(),
  g: () => {},
};

function goTo(letter) {
  document.querySelector(`.top [data-letter="${CSS.escape(letter)}"]`)?.click();
}
