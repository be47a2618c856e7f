import type { operations } from '@octokit/openapi-types'
import { expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import type { ErrorBody, Route, routes, State } from './index.ts'

// Held by the type checker: these tests fail in `tsc`, which names the fields that drifted apart.

type Scalar = string | number | bigint | boolean | null | undefined

/** The name of every field within a type, as `sessions[].error.message`. */
type Fields<T, Prefix extends string = ''> = T extends Scalar
  ? never
  : T extends readonly (infer Item)[]
    ? Fields<Item, `${Prefix}[]`>
    : {
        [Name in keyof T & string]:
          | (undefined extends T[Name]
              ? [T[Name]] extends [undefined]
                ? never
                : Dot<Prefix, Name>
              : Dot<Prefix, Name>)
          | Fields<Exclude<T[Name], undefined>, Dot<Prefix, Name>>
      }[keyof T & string]
type Dot<Prefix extends string, Name extends string> = Prefix extends ''
  ? Name
  : `${Prefix}.${Name}`

/** What GitHub has and we lack, and the other way round. */
interface Drift<Official, Ours> {
  missing: Exclude<Fields<Official>, Fields<Ours>>
  added: Exclude<Fields<Ours>, Fields<Official>>
}

type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : never
type OfficialAnswer<N extends keyof operations, S extends number> = operations[N] extends {
  responses: infer Responses
}
  ? S extends keyof Responses
    ? Json<Responses[S]>
    : never
  : never
type OfficialQuery<N extends keyof operations> = operations[N] extends {
  parameters: { query?: infer Query }
}
  ? Required<Exclude<Query, undefined>>
  : never

type Routes = typeof routes
type OurAnswer<N extends keyof Routes, S extends number> = S extends keyof Routes[N]['answers']
  ? Routes[N]['answers'][S] extends z.ZodType
    ? z.output<Routes[N]['answers'][S]>
    : never
  : never
type OurQuery<N extends keyof Routes> = Routes[N] extends { query: infer Q extends z.ZodType }
  ? Required<z.output<Q>>
  : never

// Deprecated by GitHub before we began; an answer without it is valid.
type TaskMissing = 'user_collaborators' | 'user_collaborators[].id'
// For clients that take a pull's id for its number (behaviour.md 1.4).
type TaskAdded = 'artifacts[].data.number' | 'artifacts[].data.html_url'
type ErrorAdded = 'category' | 'title' | 'remedy' | 'retryable'

type Items<T extends string, List extends string> = `${List}[].${T}`

it('answers create with the fields of GitHub, and takes every body GitHub takes', () => {
  type Official = OfficialAnswer<'agent-tasks/create-task-in-repo', 201>
  type Ours = OurAnswer<'createTask', 201>
  type OfficialBody = Json<operations['agent-tasks/create-task-in-repo']['requestBody']>
  type OurBody = z.input<Routes['createTask']['body']>

  expectTypeOf<Ours>().toExtend<Official>()
  expectTypeOf<Drift<Official, Ours>>().toEqualTypeOf<{
    missing: TaskMissing
    added: TaskAdded
  }>()
  expectTypeOf<OfficialBody>().toExtend<OurBody>()
  expectTypeOf<Drift<OfficialBody, OurBody>>().toEqualTypeOf<{
    missing: never
    added:
      | 'agent'
      | 'timeout_minutes'
      | 'priority'
      | 'max_ai_credits'
      | 'max_multiplier'
      | 'push_unfinished'
  }>()
})

it("answers both lists with GitHub's fields and no other in the envelope", () => {
  type RepoList = OfficialAnswer<'agent-tasks/list-tasks-for-repo', 200>
  type UserList = OfficialAnswer<'agent-tasks/list-tasks', 200>
  type OnlyItemsDrift = {
    missing: Items<TaskMissing, 'tasks'>
    added: Items<TaskAdded, 'tasks'>
  }

  expectTypeOf<OurAnswer<'listTasksForRepo', 200>>().toExtend<RepoList>()
  expectTypeOf<OurAnswer<'listTasks', 200>>().toExtend<UserList>()
  expectTypeOf<
    Drift<RepoList, OurAnswer<'listTasksForRepo', 200>>
  >().toEqualTypeOf<OnlyItemsDrift>()
  expectTypeOf<Drift<UserList, OurAnswer<'listTasks', 200>>>().toEqualTypeOf<OnlyItemsDrift>()
})

it('answers both get operations with the fields of GitHub, and says more of an error', () => {
  type ByRepo = OfficialAnswer<'agent-tasks/get-task-by-repo-and-id', 200>
  type ById = OfficialAnswer<'agent-tasks/get-task-by-id', 200>
  type Added = TaskAdded | 'sessions[].agent' | `sessions[].error.${ErrorAdded}`
  type Known = { missing: TaskMissing; added: Added }

  expectTypeOf<OurAnswer<'getTaskForRepo', 200>>().toExtend<ByRepo>()
  expectTypeOf<OurAnswer<'getTask', 200>>().toExtend<ById>()
  expectTypeOf<Drift<ByRepo, OurAnswer<'getTaskForRepo', 200>>>().toEqualTypeOf<Known>()
  expectTypeOf<Drift<ById, OurAnswer<'getTask', 200>>>().toEqualTypeOf<Known>()
})

it("filters and pages by GitHub's query parameters", () => {
  expectTypeOf<keyof OurQuery<'listTasksForRepo'>>().toEqualTypeOf<
    keyof OfficialQuery<'agent-tasks/list-tasks-for-repo'>
  >()
  expectTypeOf<keyof OurQuery<'listTasks'>>().toEqualTypeOf<
    keyof OfficialQuery<'agent-tasks/list-tasks'>
  >()
  expectTypeOf<OurQuery<'listTasks'>['sort']>().toEqualTypeOf<
    OfficialQuery<'agent-tasks/list-tasks'>['sort']
  >()
})

it('knows exactly the states of GitHub', () => {
  type Official = OfficialAnswer<'agent-tasks/get-task-by-id', 200>

  expectTypeOf<State>().toEqualTypeOf<Official['state']>()
  expectTypeOf<State>().toEqualTypeOf<NonNullable<Official['sessions']>[number]['state']>()
})

it("answers errors in GitHub's shape, with the same codes", () => {
  type Official = OfficialAnswer<'agent-tasks/create-task-in-repo', 422>
  type OfficialCode = NonNullable<Official['errors']>[number]['code']

  expectTypeOf<ErrorBody>().toExtend<Official>()
  expectTypeOf<NonNullable<ErrorBody['errors']>[number]['code']>().toEqualTypeOf<OfficialCode>()
  expectTypeOf<Drift<Official, ErrorBody>>().toEqualTypeOf<{
    missing: never
    added: 'status' | 'errors[].resource' | 'errors[].field'
  }>()
})

it('sees a field that is lacking, one that is added, and one deep inside a list', () => {
  type Official = { a: string; list: { b?: number; c: string | null }[] }

  expectTypeOf<Drift<Official, { a: string; list: { c: string | null }[]; d: 1 }>>().toEqualTypeOf<{
    missing: 'list[].b'
    added: 'd'
  }>()
})

it('has no operation of GitHub on tasks beside the five', () => {
  type OnTasks = Route & { origin: 'github'; path: `/agents/${string}` }
  type Five<N extends keyof Routes> = Routes[N] extends OnTasks ? N : never

  expectTypeOf<{ [N in keyof Routes]: Five<N> }[keyof Routes]>().toEqualTypeOf<
    'createTask' | 'listTasksForRepo' | 'getTaskForRepo' | 'listTasks' | 'getTask'
  >()
})
