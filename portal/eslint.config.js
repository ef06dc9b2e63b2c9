import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['dist', 'src/api/openapi.d.ts'] },
  ...ts.configs.recommended,
  hooks.configs.flat.recommended,
  {
    rules: {
      // The React compiler is not used.
      'react-hooks/incompatible-library': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Markup comes from React alone: names of machines and texts of errors are data.
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'Text is shown as text.',
        },
      ],
    },
  },
);
