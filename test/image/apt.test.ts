import { expect, test } from 'vitest';
import { openApt } from '../../deploy/image/debian.ts';

test('a version that the archive does not have is refused, with what to do', async () => {
  const { download } = await openApt();
  await expect(download('libc6:arm64=0.1-1')).rejects.toMatchObject({
    code: 'PackageUnavailable',
    message: expect.stringContaining('make image-packages'),
  });
});
