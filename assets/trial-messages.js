// The messages of a trial: each with its role, text and pictures, to add, move and remove.
import { useEffect, useRef, useState } from 'preact/hooks';

import { html } from './html.js';
import { readImage } from './trial-form.js';

/** In pixels. */
const PICTURE_HEIGHT = 64;

/** `change` is given what makes of the messages, as they then are, those that take their place. */
export function MessageList({ messages, takes, complaint, change }) {
  const isOne = !takes.includes('conversation');
  // A picture takes its time to be read; meanwhile its message may have got another text, or have gone.
  const edit = (index, toPatch) =>
    change((all) => all.map((one, at) => (at === index ? { ...one, ...toPatch(one) } : one)));
  const move = (index, step) =>
    change((all) => all.toSpliced(index, 1).toSpliced(index + step, 0, all[index]));
  const remove = (index) => change((all) => all.toSpliced(index, 1));
  const addMessage = () =>
    change((all) => {
      const role = all.at(-1)?.role === 'user' ? 'assistant' : 'user';
      return [...all, { role, text: '' }];
    });
  return html`<fieldset class="messages">
    <legend>Messages</legend>
    ${
      isOne &&
      messages.length > 1 &&
      html`<p class="hint">This API is sent the last message of the user’s alone.</p>`
    }
    <ol>
      ${messages.map(
        (message, index) =>
          html`<${MessageRow}
            message=${message}
            number=${index + 1}
            count=${messages.length}
            canHoldImages=${takes.includes('images')}
            edit=${(toPatch) => edit(index, toPatch)}
            move=${(step) => move(index, step)}
            remove=${() => remove(index)}
          />`,
      )}
    </ol>
    ${complaint && html`<p class="complaint" role="status">${complaint}</p>`}
    ${
      !isOne &&
      html`<button type="button" class="quiet" onClick=${addMessage}>Add a message</button>`
    }
  </fieldset>`;
}

function MessageRow({ message, number, count, canHoldImages, edit, move, remove }) {
  const { role, text, images = [], calls = [] } = message;
  const takesImages = canHoldImages && role === 'user';
  const [complaint, setComplaint] = useState('');
  const addImages = async (files) => {
    const pictures = [...files].filter(({ type }) => type.startsWith('image/'));
    if (!takesImages || pictures.length === 0) return;
    try {
      const added = await Promise.all(pictures.map(readImage));
      edit(({ images: before = [] }) => ({ images: [...before, ...added] }));
      setComplaint('');
    } catch {
      setComplaint('The picture cannot be read; choose it again.');
    }
  };
  const button = (label, symbol, act, isOff) =>
    html`<button
      type="button"
      class="quiet"
      aria-label="${label} message ${number}"
      title=${label}
      disabled=${isOff}
      onClick=${act}
    >
      ${symbol}
    </button>`;
  return html`<li>
    <div class="row">
      ${
        role === 'tool'
          ? html`<span>Result of <code>${message.name}</code></span>`
          : html`<select
              aria-label="Role of message ${number}"
              value=${role}
              onChange=${({ target }) => edit(() => ({ role: target.value }))}
            >
              <option value="user" selected=${role === 'user'}>User</option>
              <option value="assistant" selected=${role === 'assistant'}>Assistant</option>
            </select>`
      }
      <span class="moves">
        ${takesImages && html`<${PictureField} number=${number} add=${addImages} />`}
        ${button('Move up', '↑', () => move(-1), number === 1)}
        ${button('Move down', '↓', () => move(1), number === count)}
        ${button('Remove', '✕', remove, count === 1)}
      </span>
    </div>
    <textarea
      aria-label="Message ${number}"
      rows=${role === 'user' ? 3 : 1}
      value=${text}
      onInput=${({ target }) => edit(() => ({ text: target.value }))}
      onPaste=${(event) => addImages(event.clipboardData.files)}
    ></textarea>
    ${complaint && html`<p class="complaint" role="status">${complaint}</p>`}
    ${calls.map(({ name, input }) => html`<p class="hint">Calls <code>${name} ${JSON.stringify(input)}</code></p>`)}
    ${
      takesImages &&
      images.length > 0 &&
      html`<ul class="pictures">
        ${images.map(
          (image, index) =>
            html`<li key=${image.token}>
              <${Picture} image=${image} />
              <button
                type="button"
                class="quiet"
                onClick=${() => edit(() => ({ images: images.toSpliced(index, 1) }))}
              >
                Remove ${image.name}
              </button>
            </li>`,
        )}
      </ul>`
    }
  </li>`;
}

function PictureField({ number, add }) {
  const onChange = ({ target }) => {
    void add(target.files);
    target.value = ''; // so that the same file can be chosen again
  };
  return html`<label class="file">
    <span>Add a picture</span>
    <input
      type="file"
      accept="image/png,image/jpeg,image/gif,image/webp"
      multiple
      aria-label="Add a picture to message ${number}"
      onChange=${onChange}
    />
  </label>`;
}

/** Drawn here, because the page loads pictures from nowhere but its server. */
function Picture({ image }) {
  const place = useRef();
  useEffect(() => void draw(place.current, image), [image.token]);
  return html`<canvas ref=${place} role="img" aria-label=${image.name}></canvas>`;
}

async function draw(canvas, { mediaType, data }) {
  try {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: mediaType }));
    canvas.height = PICTURE_HEIGHT;
    canvas.width = Math.max(1, Math.round((bitmap.width / bitmap.height) * PICTURE_HEIGHT));
    canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  } catch {
    canvas.hidden = true; // its name tells which one it is, and the server what is wrong with it
  }
}
