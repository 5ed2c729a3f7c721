import { ALL_CARRIERS } from '../../examples/src/common.cts';
import { NODE_TYPE, type WorkflowNode } from '../../examples/src/workflows.cts';

/** The credential types that a node of a recipe asks its user for. */
export function credentialTypesOf({ type, parameters }: WorkflowNode): string[] {
	const { provider, nodeCredentialType, authentication } = parameters;
	if (type === NODE_TYPE || type === `${NODE_TYPE}Tool`) {
		const one = ALL_CARRIERS.filter(({ name }) => name === provider);
		return (one.length > 0 ? one : ALL_CARRIERS).map(({ credential }) => credential);
	}
	if (typeof nodeCredentialType === 'string') return [nodeCredentialType];
	if (authentication === 'headerAuth') return ['httpHeaderAuth'];
	if (authentication === 'basicAuth') return ['httpBasicAuth'];
	return type.endsWith('.lmChatOpenAi') ? ['openAiApi'] : [];
}
