import { chaos } from './scenario.ts';

const scenario = chaos({ direct: true });

scenario('the API server is killed', async (stage) => {
  const { apiserver } = stage.scene.cluster;
  for (let turn = 0; turn < 2; turn += 1) {
    // oxlint-disable no-await-in-loop -- one after the other
    await apiserver.kill('SIGKILL');
    await apiserver.start();
    await stage.progress(stage.traffic.size);
    // oxlint-enable no-await-in-loop
  }
});

scenario('etcd is killed', async (stage) => {
  const { etcd } = stage.scene.cluster;
  await etcd.kill('SIGKILL');
  await etcd.start();
  await stage.progress(stage.traffic.size);
});
