import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Few lines that take long. Vitest begins with the largest files, so these would begin last, and one core would wait for them. */
const long = ['test/e2e/real-data.test.ts', 'test/e2e/kill.test.ts'];
const isLong = ({ moduleId }: TestSpecification): boolean => long.some((path) => moduleId.endsWith(`/${path}`));

/** Vitest's order, but of each project what takes long comes first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) => {
      const own = sorted.filter((file) => file.project === project);
      return [...own.filter(isLong), ...own.filter((file) => !isLong(file))];
    });
  }
}
