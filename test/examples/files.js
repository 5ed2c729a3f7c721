'use strict';

const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

const FOLDER = path.resolve(__dirname, '../../examples');
const NODE = 'n8n-nodes-stop-audio-stream.stopAudioStream';

/** The names of all recipes, without `.json`. */
const recipeNames = readdirSync(FOLDER)
	.filter((file) => file.endsWith('.json'))
	.map((file) => path.basename(file, '.json'))
	.sort();

const recipeText = (name) => readFileSync(path.join(FOLDER, `${name}.json`), 'utf8');

/** A recipe as it is in its file. */
const readRecipe = (name) => JSON.parse(recipeText(name));

/** Our node, also as a tool. */
const isOurs = ({ type }) => type === NODE || type === `${NODE}Tool`;
const isNote = ({ type }) => type === 'n8n-nodes-base.stickyNote';
const isWebhook = ({ type }) => type === 'n8n-nodes-base.webhook';

module.exports = { FOLDER, NODE, isNote, isOurs, isWebhook, readRecipe, recipeNames, recipeText };
