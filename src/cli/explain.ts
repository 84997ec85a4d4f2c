// For commands: where the other outputs of reasons are.
export { explanationLines } from '../decide/explanation-lines.ts';
