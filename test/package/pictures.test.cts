// The pictures of docs/pictures are those that were taken. Whether they show what the screen shows today is
// looked at before a release: a better label must not wait for a real n8n.

import { fileDigest, picturesThere, readManifest } from '../lib/pictures.cts';

test('every picture is the file that was taken, and every file that was taken is there', () => {
	const taken = readManifest();
	expect(picturesThere()).toEqual(Object.keys(taken).sort());
	const exchanged = picturesThere().filter((file) => taken[file]?.file !== fileDigest(file));
	expect(exchanged).toEqual([]);
});
