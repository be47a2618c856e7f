#!/usr/bin/env bash
# Starts a task and waits for it: all of action.yml, and of docs/examples/, with curl and jq. What it is to
# do comes by ERRAND_* variables; what came of it goes to the file GITHUB_OUTPUT, or to the terminal.
set -euo pipefail

# Text from outside in a command of the runner: a line of its own would be a command of its own.
escape() { local text=${1//'%'/'%25'}; text=${text//$'\r'/'%0D'}; printf '%s' "${text//$'\n'/'%0A'}"; }
notice() { printf '::notice title=Errand::%s\n' "$(escape "$1")"; }
fail() { printf '::error title=Errand::%s\n' "$(escape "$1")"; exit 1; }

output() {
  local value=${2//[$'\r\n']/}
  if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf '%s=%s\n' "$1" "$value" >>"$GITHUB_OUTPUT"; fi
  printf '%s: %s\n' "$1" "$value" | tr -d '\000-\010\013-\037'
}

for program in curl jq; do
  command -v "$program" >/dev/null || fail "This needs $program, which the runner does not have"
done
url=${ERRAND_URL:?is not set}
url=${url%/}
repository=${ERRAND_REPOSITORY:?is not set}
[[ $url =~ ^https?://[^[:space:]]+$ ]] || fail 'url must begin with https:// or http://'
[[ $repository =~ ^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$ ]] || fail 'repository must be owner/name'
[[ ${ERRAND_WAIT_MINUTES:=60} =~ ^[0-9]{1,4}$ ]] || fail 'wait_minutes must be a whole number'
[[ ${ERRAND_TOKEN:?is not set} =~ ^[[:graph:]]+$ ]] || fail 'token must have no blanks'

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Not an argument: those can be read by every process of the machine.
(umask 077; printf 'authorization: Bearer %s\n' "$ERRAND_TOKEN" >"$folder/headers")

# Asks the API; the answer is in $folder/answer, its status is printed, 000 where there was none.
ask() {
  local method=$1 path=$2
  shift 2
  rm -f "$folder/answer" "$folder/answer-headers"
  curl --silent --show-error --max-time 60 --request "$method" --header "@$folder/headers" \
    --header 'accept: application/vnd.github+json' --header 'x-github-api-version: 2022-11-28' \
    --user-agent errand-action --output "$folder/answer" --dump-header "$folder/answer-headers" --write-out '%{http_code}' "$@" "$url$path" ||
    true
}

# The seconds of the last answer's Retry-After, where it has one: an hour at most.
retry_after() {
  local seconds
  seconds=$(sed -n 's/^[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]: *\([0-9]\{1,6\}\)[[:space:]]*$/\1/p' "$folder/answer-headers" 2>/dev/null | tail -n 1)
  if [[ -n $seconds ]]; then printf '%s' "$((10#$seconds < 3600 ? 10#$seconds : 3600))"; fi
}

# In the background, so that a signal is heard at once.
wait_for() { sleep "$1" & wait $!; }

# Whether the server refused the last request only because there were too many: it did nothing then.
is_limited() { [[ $1 == 429 || ($1 == 403 && -n $(retry_after)) ]]; }

read_answer() { jq -r "$1 // empty" "$folder/answer" 2>/dev/null || true; }

explain() {
  local said
  said=$(jq -r '[.message, (.errors // [] | .[] | .message // empty)] | join("; ")' "$folder/answer" 2>/dev/null) || said=''
  fail "$1: HTTP $2${said:+: $said}"
}

# A workflow that is cancelled leaves no agent at work, also when it is cancelled just after the task was
# started. GitHub's API cannot be told.
id=''
cancel() {
  id=${id:-$(read_answer .id)}
  if [[ $id =~ ^[A-Za-z0-9-]+$ ]]; then ask POST "/agents/tasks/$id/cancel" >/dev/null; fi
  exit 130
}
trap cancel INT TERM

jq --null-input --compact-output '
  def given($name; $value): if ($value // "") == "" then {} else {($name): $value} end;
  {prompt: env.ERRAND_PROMPT, create_pull_request: (env.ERRAND_CREATE_PULL_REQUEST != "false")}
  + given("model"; env.ERRAND_MODEL)
  + given("custom_agent"; env.ERRAND_CUSTOM_AGENT)
  + given("base_ref"; env.ERRAND_BASE_REF)' >"$folder/body"

start() {
  ask POST "/agents/repos/$repository/tasks" --data-binary "@$folder/body" \
    --header 'content-type: application/json' \
    ${ERRAND_IDEMPOTENCY_KEY:+--header "idempotency-key: ${ERRAND_IDEMPOTENCY_KEY//[$'\r\n']/}"}
}

# Only Errand can be asked which models it has, and only Errand knows the key. No host of GitHub's does,
# whatever it is called.
knows_key() {
  [[ -n ${ERRAND_IDEMPOTENCY_KEY:-} ]] || return 1
  local pause status
  for pause in 2 4 8 16 0; do
    status=$(ask GET /agents/models)
    [[ $status == 200 ]] && return 0
    [[ $status == 4* ]] && ! is_limited "$status" && return 1
    wait_for "$(retry_after | grep . || printf '%s' "$pause")"
  done
  return 1
}

# Sent again where nothing can have come of it, and where the key keeps it from being a second task.
is_safe=''
if knows_key; then is_safe=yes; fi
status=$(start)
for pause in 2 4 8 16; do
  if is_limited "$status"; then
    pause=60
  elif [[ $status == 201 || $status == 4* || -z $is_safe ]]; then
    break
  fi
  wait_for "$(retry_after | grep . || printf '%s' "$pause")"
  status=$(start)
done
[[ $status == 201 ]] || explain 'The task was not started' "$status"

id=$(read_answer .id)
[[ $id =~ ^[A-Za-z0-9-]+$ ]] || fail 'The server answered without a task'
page=$(read_answer .html_url)
state=$(read_answer .state)
output task_id "$id"
output task_url "$page"

deadline=$((SECONDS + 10#$ERRAND_WAIT_MINUTES * 60))
pause=1
asked=''
failures=0
if [[ ${ERRAND_WAIT:-true} != false ]]; then
  while [[ ! $state =~ ^(completed|failed|timed_out|cancelled)$ ]]; do
    ((SECONDS < deadline)) || break
    wait_for "$((pause < deadline - SECONDS ? pause : deadline - SECONDS))"
    pause=$((pause < 10 ? pause + 1 : 10))
    status=$(ask GET "/agents/repos/$repository/tasks/$id")
    if [[ $status != 200 ]]; then
      if is_limited "$status"; then
        pause=$(retry_after | grep . || printf 60)
        continue
      fi
      [[ $status == 40[134] ]] && explain 'The task cannot be looked at' "$status"
      failures=$((failures + 1))
      ((failures < 30)) || explain 'The task cannot be looked at' "$status"
      continue
    fi
    failures=0
    state=$(read_answer .state)
    if [[ $state == waiting_for_user && -z $asked ]]; then
      notice "The agent asks something: answer it at $page"
      asked=yes
    fi
  done
fi

head_ref=$(read_answer '.artifacts // [] | map(select(.type == "branch") | .data.head_ref) | first')
pull=$(read_answer '.artifacts // [] | map(select(.type == "pull") | .data.html_url // empty) | first')
error=$(read_answer '.sessions // [] | last | .error.message')
# GitHub names a pull request by its id alone: it is looked up by its branch.
if [[ -z $pull && -n $head_ref && $state == completed ]]; then
  status=$(ask GET "/repos/$repository/pulls" --get --data-urlencode "head=${repository%%/*}:$head_ref" --data-urlencode state=all)
  if [[ $status == 200 ]]; then pull=$(read_answer 'first | .html_url'); fi
fi
output state "$state"
output pull_request_url "$pull"
output head_ref "$head_ref"

[[ ${ERRAND_WAIT:-true} != false ]] || exit 0
case $state in
  completed) notice "Done: ${pull:-$page}" ;;
  failed | timed_out | cancelled) fail "The task is $state${error:+: $error} ($page)" ;;
  *) fail "The task is still $state after $ERRAND_WAIT_MINUTES minutes; it goes on at $page" ;;
esac
