import type { TemplateExample } from '@backstage/plugin-scaffolder-node'

export const createTaskExamples: TemplateExample[] = [
  {
    description: 'Have an agent prepare a repository that an earlier step has published',
    example: `steps:
  - id: prepare
    name: Prepare the repository
    action: errand:task:create
    input:
      repoUrl: \${{ parameters.repoUrl }}
      prompt: Add a CI workflow, CODEOWNERS for team \${{ parameters.owner }}, and a README.
`,
  },
  {
    description: 'Act as the user who fills in the template, with a model and a branch of choice',
    example: `steps:
  - id: fix
    name: Fix the login
    action: errand:task:create
    input:
      repoUrl: github.com?owner=acme&repo=shop
      prompt: Fix the flaky login test.
      model: claude-sonnet-4.6
      baseRef: release
      token: \${{ secrets.USER_OAUTH_TOKEN }}
`,
  },
]

export const waitForTaskExamples: TemplateExample[] = [
  {
    description: 'Wait for the pull request of an earlier step',
    example: `steps:
  - id: pull
    name: Wait for the pull request
    action: errand:task:wait
    input:
      taskId: \${{ steps.prepare.output.taskId }}
      repoUrl: \${{ parameters.repoUrl }}
      timeoutMinutes: 30
`,
  },
]

export const fanOutExamples: TemplateExample[] = [
  {
    description: 'One change in many repositories, then wait for each',
    example: `steps:
  - id: send
    name: Send to all
    action: errand:fanout:create
    input:
      repositories:
        - github.com?owner=acme&repo=shop
        - github.com?owner=acme&repo=billing
      prompt: Replace moment by date-fns.
  - id: pulls
    name: Wait for all
    action: errand:task:wait
    each: \${{ steps.send.output.tasks }}
    input:
      taskId: \${{ each.value.taskId }}
      failUnlessCompleted: false
`,
  },
]
