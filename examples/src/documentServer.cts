/** The cXML that stops a stream by its name, and goes on with the call. */

import {
	answerXml,
	chain,
	code,
	gap,
	ifNode,
	setNode,
	stopAndError,
	webhook,
	workflow,
	type Workflow,
} from './workflows.cts';
import { notes, stepsToPublish } from './common.cts';

const HOOK = 'SignalWire Asks';

const CXML = `// Only the URL decides: what SignalWire posts about the call is not looked at.
const { back, asked } = $input.first().json;
const { STREAMNAME, text, seconds, url } = JSON.parse(asked);
const last = (value) => String([value ?? ''].flat().at(-1));

/** Text as XML 1.0 can hold it: without control characters and halves of characters, the rest escaped. */
const escape = (value) =>
  last(value)
    .replace(/[^\\t\\n\\r\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]/gu, '')
    .replace(/[&<>"'\\t\\n\\r]/g, (character) => \`&#\${character.codePointAt(0)};\`);

const isUrl = (value) => /^https?:\\/\\/\\S+$/i.test(value) && !value.includes('your-xml.example.com');
const name = escape(STREAMNAME);
const next = [last(url), back].find(isUrl);

return [{
  json: {
    goes_on: next !== undefined,
    cxml: [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<Response>',
      name && \`<Stop><Stream name="\${name}"/></Stop>\`,
      last(text) && \`<Say>\${escape(text)}</Say>\`,
      /^[1-9]\\d{0,3}$/.test(last(seconds)) && \`<Pause length="\${last(seconds)}"/>\`,
      // Without a URL the call is held for five minutes, which is better than dropped; and the execution fails.
      next
        ? \`<Redirect method="POST">\${escape(next)}</Redirect>\`
        : '<Say>One moment, please.</Say><Pause length="10"/>'.repeat(30) + '<Say>Please call again. Goodbye.</Say>',
      '</Response>',
    ].filter(Boolean).join('\\n'),
  },
}];`;

export const documentServer = (): Workflow =>
	workflow({
		name: 'SignalWire: cXML that stops a stream by name',
		notes: notes(
			'if you have the Stream SID: stopping by SID leaves alone what the call is doing, and needs no cXML.',
			[
				'## cXML that stops a stream by name',
				'### What starts it',
				"SignalWire fetches the cXML when **Stop Audio Stream** stops a stream with *Identify Stream By: Stream Name* and this webhook's URL as *cXML URL*. The node adds the name as `STREAMNAME`.",
				'### What it does',
				'It answers `<Stop><Stream name="…"/></Stop>` for that name, whatever characters it has, and then goes on with your own cXML at `back`. The URL may ask for more:',
				'- `text=…`: says that first\n- `seconds=…`: waits that long, in silence\n- `url=…`: goes on there, in place of `back`',
				'### What happens to the call',
				'SignalWire runs this cXML **in place of** what the call is doing. When cXML ends, so does the call: that is why a `<Redirect>` always comes last.',
				'### A private part of the call',
				'It needs no workflow: let the cXML that your call fetches there (a `<Gather>`\'s action, say) begin with `<Stop><Stream name="…"/></Stop>`, for each `name` that your `<Stream>` has. SignalWire cannot show a stream, so its end is not proved.',
			],
			[
				'## Before you publish',
				stepsToPublish(
					'**Fill In**: `back`, the URL of your cXML with which the call goes on. Until it is yours, the caller is asked to wait for five minutes, and then to call again; and each execution fails.',
					`**${HOOK}**: copy the Production URL into *cXML URL* of your Stop Audio Stream node. Encode spaces and signs in \`text\` and \`url\`, as in \`?text=One%20moment\`. GET and POST both work. No credential is needed here, and no field of the dashboard takes the URL.`,
				),
				'### Try it without a call',
				'Open the Production URL in a browser, with `?STREAMNAME=test` behind it: it shows the cXML.',
				'XML cannot hold control characters, so they are left out; a stream with one in its name can only be stopped by its SID. A name that is missing stops nothing, and the call goes on.',
				'### The lock',
				'cXML stops nothing by itself: your node makes SignalWire run it on a call. SignalWire fetches cXML without a password, so the URL alone is the lock: n8n made up a random one at the import. Keep it secret, and write no password into the cXML.',
			],
		),
		rows: [
			[
				webhook(HOOK, { methods: ['GET', 'POST'], responseMode: 'responseNode' }),
				setNode('Fill In', {
					back: 'https://your-xml.example.com/back',
					asked: '={{ JSON.stringify($json.query) }}',
				}),
				code('Write the cXML', CXML),
				answerXml('Answer with the cXML', '={{ $json.cxml }}'),
				ifNode('Does the Call Go On?', '$json.goes_on'),
			],
			[
				...gap(5),
				stopAndError(
					'The Caller Is Held',
					"'SignalWire was told to stop the stream, and the caller is asked to wait: neither url in the URL nor back in Fill In is a URL of yours. The call ends after five minutes, unless you transfer it before.'",
				),
			],
		],
		flows: [
			[HOOK, 'Fill In'],
			[HOOK, 'Fill In', 1],
			...chain('Fill In', 'Write the cXML', 'Answer with the cXML', 'Does the Call Go On?'),
			['Does the Call Go On?', 'The Caller Is Held', 1],
		],
	});
