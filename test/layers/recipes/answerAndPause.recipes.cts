import { describeAnswer } from '../examples/answer.cts';
import { describePauseAndResume } from '../examples/pauseAndResume.cts';
import { useStage } from '../examples/stage.cts';

const stage = useStage({ onContract: true });

describeAnswer(stage, true);
describePauseAndResume(stage, true);
