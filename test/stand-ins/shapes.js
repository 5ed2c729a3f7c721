'use strict';

/** The value of an HTTP Basic Authorization header. */
function basic(user, password) {
	return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** An event that arrives as a form. `of` says whether `body` gets the stream and its call, or the call. */
function form(of, source, body) {
	return { of, source, body, contentType: 'application/x-www-form-urlencoded' };
}

/** An event that arrives as JSON. */
function json(of, source, body) {
	return { of, source, body, contentType: 'application/json' };
}

module.exports = { basic, form, json };
