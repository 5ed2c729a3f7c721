// The rules for recipes, tests, stand-ins, scripts and benchmarks (*.cts). `eslint.config.mjs` may only be n8n's
// own two lines, and n8n's rules match *.ts alone, so these files have a configuration of their own: `npm run lint`.

import tseslint from 'typescript-eslint';

export default tseslint.config(
	{ ignores: ['**/node_modules/', 'dist/', 'reports/', '.stryker-tmp/'] },
	{
		files: ['{examples,test,scripts,bench}/**/*.cts'],
		extends: [tseslint.configs.strictTypeChecked],
		languageOptions: {
			parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
		},
		// A rule holds everywhere or nowhere.
		linterOptions: { noInlineConfig: true },
		rules: {
			// A number in a text is no mistake.
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
			'@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
			],
			// A function may have to be async for its type's sake.
			'@typescript-eslint/require-await': 'off',
		},
	},
	{
		files: ['test/**/*.cts'],
		rules: {
			'no-restricted-syntax': [
				'error',
				{
					selector:
						'MemberExpression[object.name=/^(test|it|describe)$/][property.name=/^(only|skip|todo|failing)$/]',
					message:
						'A test that does not run proves nothing, and one that runs alone hides the others.',
				},
				{
					selector: 'CallExpression[callee.name=/^[fx](test|it|describe)$/]',
					message:
						'A test that does not run proves nothing, and one that runs alone hides the others.',
				},
			],
			// Jest types its matchers, such as `expect.any(String)`, as `any`.
			'@typescript-eslint/no-unsafe-assignment': 'off',
		},
	},
);
