// Preact's elements, written as HTML. Texts become text nodes: nothing that a model said is read as HTML.
import htm from 'htm';
import { h } from 'preact';

export const html = htm.bind(h);
