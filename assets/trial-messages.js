// The messages of a trial: each with its role, text and pictures, to add, move and remove.
import { useEffect, useRef } from 'preact/hooks';

import { html } from './html.js';
import { readImage } from './trial-form.js';

/** In pixels. */
const PICTURE_HEIGHT = 64;

export function MessageList({ messages, takes, change }) {
  const isOne = !takes.includes('conversation');
  const put = (index, message) => change(messages.with(index, message));
  const move = (index, step) => {
    const others = messages.toSpliced(index, 1);
    change(others.toSpliced(index + step, 0, messages[index]));
  };
  const addMessage = () => {
    const role = messages.at(-1)?.role === 'user' ? 'assistant' : 'user';
    change([...messages, { role, text: '' }]);
  };
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
            put=${(patch) => put(index, { ...message, ...patch })}
            move=${(step) => move(index, step)}
            remove=${() => change(messages.toSpliced(index, 1))}
          />`,
      )}
    </ol>
    ${
      !isOne &&
      html`<button type="button" class="quiet" onClick=${addMessage}>Add a message</button>`
    }
  </fieldset>`;
}

function MessageRow({ message, number, count, canHoldImages, put, move, remove }) {
  const { role, text, images = [], calls = [] } = message;
  const takesImages = canHoldImages && role === 'user';
  const addImages = async (files) => {
    const pictures = [...files].filter(({ type }) => type.startsWith('image/'));
    if (takesImages && pictures.length > 0)
      put({ images: [...images, ...(await Promise.all(pictures.map(readImage)))] });
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
              onChange=${(event) => put({ role: event.target.value })}
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
      onInput=${(event) => put({ text: event.target.value })}
      onPaste=${(event) => addImages(event.clipboardData.files)}
    ></textarea>
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
                onClick=${() => put({ images: images.toSpliced(index, 1) })}
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
