// @ts-check
'use strict';

/** What the screen shows beside a field. Whether such a text is good is for people to say, not for a test. */
const SHOWN = ['credentialHint', 'description', 'notice', 'placeholder', 'summary'];

/** Keeps Stryker from emptying texts that people read. */
exports.strykerPlugins = [
	{
		kind: 'Ignore',
		name: 'texts',
		value: {
			shouldIgnore({ node, parent }) {
				const isShown =
					parent?.type === 'ObjectProperty' &&
					parent.value === node &&
					node.type === 'StringLiteral' &&
					SHOWN.includes(parent.key.name);
				return isShown ? 'a text that people read' : undefined;
			},
		},
	},
];
