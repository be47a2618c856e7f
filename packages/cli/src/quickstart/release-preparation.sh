#!/bin/sh
# Prepares the next release of the repository it stands in: finds the next version in the commit
# history (https://www.conventionalcommits.org), writes release notes, and bumps the version where a
# manifest has one. It needs git and the usual small tools, and changes files only.
set -eu
LC_ALL=C
export LC_ALL

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
most_entries=100

# --- The version there is ----------------------------------------------------------------------

semver='[0-9]+\.[0-9]+\.[0-9]+'

# The first version inside one of the named sections of a TOML file.
toml_version() {
  awk -v wanted="$2" '
    /^[ \t]*\[/ { section = $0; gsub(/[][ \t\r]/, "", section) }
    index(wanted, "," section ",") && /^version[ \t]*=[ \t]*"/ {
      split($0, parts, "\""); print parts[2]; exit
    }' "$1"
}

# Finds the document's own version in a package.json or package-lock.json: `version` at the top, and
# that of packages[""]. Prints it, or the document with $2 in its place.
json_version() {
  awk -v next_version="${2:-}" '
    BEGIN { RS = "\001" }
    {
      size = length($0); kept = 1
      for (i = 1; i <= size; i++) {
        c = substr($0, i, 1)
        if (c == "{" || c == "[") { key[++depth] = c; continue }
        if (c == "}" || c == "]") { depth--; continue }
        if (c != "\"") continue
        for (end = i + 1; end <= size && (c = substr($0, end, 1)) != "\""; end++) if (c == "\\") end++
        text = substr($0, i + 1, end - i - 1)
        for (after = end + 1; substr($0, after, 1) ~ /[ \t\r\n]/; after++);
        if (substr($0, after, 1) == ":") key[depth] = text
        else if (key[depth] == "version" && (depth == 1 || depth == 3 && key[1] == "packages" && key[2] == "")) {
          if (next_version == "") { print text; exit }
          printf "%s%s", substr($0, kept, i + 1 - kept), next_version
          kept = end
          # Both stand at the top of a lock file, which can be very long.
          if (++found == 2) break
        }
        i = end
      }
      if (next_version != "") printf "%s", substr($0, kept)
    }' "$1"
}

manifest='' manifest_version=''
if [ -f package.json ]; then manifest=package.json manifest_version=$(json_version package.json); fi
if [ -z "$manifest_version" ] && [ -f Cargo.toml ]; then
  manifest=Cargo.toml manifest_version=$(toml_version Cargo.toml ,package,workspace.package,)
fi
if [ -z "$manifest_version" ] && [ -f pyproject.toml ]; then
  manifest=pyproject.toml manifest_version=$(toml_version pyproject.toml ,project,tool.poetry,)
fi
if [ -z "$manifest_version" ] && [ -f VERSION ]; then
  manifest=VERSION manifest_version=$(head -n 1 VERSION | tr -d ' \r')
fi
printf '%s\n' "$manifest_version" | grep -Eq "^$semver([-+].*)?\$" || manifest='' manifest_version=''

tag=$(git tag --merged HEAD --sort=-version:refname | grep -E "^[vV]?$semver\$" | head -n 1 || true)
tag_version=${tag#[vV]}

# --- What happened since -----------------------------------------------------------------------

since=$tag
if [ -z "$since" ] && [ -n "$manifest" ]; then
  # Never tagged: the version was last released, if at all, when it was last set.
  since=$(git log -1 --format=%H -S"$manifest_version" -- "$manifest")
  # Set in the very first commit, which is part of the first release.
  if [ -n "$since" ] && ! git rev-parse -q --verify "$since^" >/dev/null; then since=''; fi
fi
range=${since:+$since..}HEAD

git log --no-merges --format='%h%x1f%s' "$range" >"$scratch/commits"
breaking_bodies=$(git log --no-merges --format=%b "$range" | grep -Ec '^BREAKING[ -]CHANGE:' || true)

# Sorts the subjects into sections, and says on the first line how many there are of each kind.
awk -F '\037' -v most="$most_entries" '
  {
    subject = $2
    gsub(/[\001-\037\177]/, " ", subject)
    kind = "other"; scope = ""
    if (match(subject, /^[A-Za-z]+(\([^)]*\))?!?:[ \t]+/)) {
      head = substr(subject, 1, RLENGTH); rest = substr(subject, RLENGTH + 1)
      type = tolower(head); sub(/[^a-z].*/, "", type)
      if (match(head, /\([^)]*\)/)) scope = substr(head, RSTART + 1, RLENGTH - 2)
      if (type == "feat" || type == "feature") kind = "feat"
      else if (type == "fix" || type == "bugfix" || type == "perf") kind = "fix"
      if (head ~ /!:/) kind = "breaking"
      if (rest != "") subject = rest
    }
    # Nothing of a subject may turn into markup, a mention or a tag of its own.
    gsub(/[\\`*_<>[\]#@|]/, "\\\\&", subject); gsub(/[\\`*_<>[\]#@|]/, "\\\\&", scope)
    count[kind]++
    if (++total <= most) {
      lines[kind] = lines[kind] "- " (scope == "" ? "" : "**" scope "**: ") subject " (" $1 ")\n"
    }
  }
  function section(kind, title) {
    if (lines[kind] != "") printf "### %s\n\n%s\n", title, lines[kind]
  }
  END {
    printf "%d %d %d %d\n", count["breaking"], count["feat"], count["fix"], count["other"]
    section("breaking", "Breaking changes"); section("feat", "Features")
    section("fix", "Fixes"); section("other", "Other changes")
    if (total > most) printf "and %d older commits.\n\n", total - most
    if (total == 0) printf "No changes to the code.\n\n"
  }' "$scratch/commits" >"$scratch/sorted"
read -r breaking features fixes others <"$scratch/sorted"
sed 1d "$scratch/sorted" >"$scratch/notes"

# --- The next version --------------------------------------------------------------------------

if [ "$breaking" -gt 0 ] || [ "$breaking_bodies" -gt 0 ]; then level=major
elif [ "$features" -gt 0 ]; then level=minor
else level=patch; fi

# Before 1.0.0 a breaking change raises the minor version: https://semver.org/#spec-item-4
bump() {
  printf '%s\n' "$1" | awk -F '[.+-]' -v level="$2" '{
    if (level == "major" && $1 > 0) print $1 + 1 ".0.0"
    else if (level == "patch") print $1 "." $2 "." $3 + 1
    else print $1 "." $2 + 1 ".0" }'
}

newer_of() { printf '%s\n%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -n 1; }

manifest_base=$(printf '%s\n' "$manifest_version" | sed 's/[-+].*//')
if [ -n "$tag" ]; then
  # The manifest may be ahead already, when somebody bumped it after the last release.
  next=$(newer_of "$(bump "$tag_version" "$level")" "${manifest_base:-0.0.0}")
  basis="since $tag"
elif [ "$manifest_version" != "$manifest_base" ]; then
  # A pre-release leads to the version it is named for.
  next=$manifest_base basis="after $manifest_version"
elif [ -n "$manifest_version" ]; then
  next=$(bump "$manifest_version" "$level") basis="since $manifest_version"
else
  next=0.1.0 basis='in all, for the first release'
fi

# --- The files ---------------------------------------------------------------------------------

# Keeps mode and name of the file: only what is in it is replaced.
replace() { cat "$scratch/new" >"$1"; }

bump_json() {
  json_version "$1" "$next" >"$scratch/new"
  replace "$1"
}

bump_toml() {
  awk -v next_version="$next" -v wanted="$2" '
    /^[ \t]*\[/ { section = $0; gsub(/[][ \t\r]/, "", section) }
    !done && index(wanted, "," section ",") && /^version[ \t]*=[ \t]*"/ {
      sub(/"[^"]*"/, "\"" next_version "\""); done = 1
    }
    { print }' "$1" >"$scratch/new"
  replace "$1"
}

if [ -n "$manifest" ] && [ "$manifest_version" != "$next" ]; then
  case $manifest in
    package.json)
      bump_json package.json
      if [ -f package-lock.json ]; then bump_json package-lock.json; fi ;;
    Cargo.toml) bump_toml Cargo.toml ,package,workspace.package, ;;
    pyproject.toml) bump_toml pyproject.toml ,project,tool.poetry, ;;
    VERSION) printf '%s\n' "$next" >VERSION ;;
  esac
  echo "$manifest: $manifest_version -> $next"
fi

changelog=CHANGELOG.md
for candidate in CHANGELOG.md Changelog.md changelog.md CHANGES.md HISTORY.md; do
  if [ -f "$candidate" ]; then changelog=$candidate && break; fi
done
[ -f "$changelog" ] || printf '# Changelog\n' >"$changelog"
{ printf '## %s (%s)\n\n' "$next" "$(date -u +%Y-%m-%d)" && cat "$scratch/notes"; } >"$scratch/entry"

# Before the newest release; what stood under Unreleased belongs to this one and comes after it.
awk -v entry="$scratch/entry" '
  function insert() { while ((getline line < entry) > 0) print line; done = 1 }
  !done && /^##[ \t]+\[?[Uu]nreleased/ { print; print ""; insert(); skip_blank = 1; next }
  !done && /^##[ \t]/ { insert() }
  skip_blank && /^[ \t\r]*$/ { next }
  { skip_blank = 0; print }
  END { if (!done) { print ""; insert() } }' "$changelog" |
  awk 'NF { for (; blank > 0; blank--) print ""; print; next } { blank++ }' >"$scratch/new"
replace "$changelog"
echo "$changelog: release notes for $next"

# --- The pull request's text -------------------------------------------------------------------

total=$((breaking + features + fixes + others))
reason="$total commits $basis: $breaking breaking, $features features, $fixes fixes, $others others"
echo "next version $next ($level), from $reason"
if [ -n "${ERRAND_SUMMARY_FILE:-}" ]; then
  { printf 'Release %s\n\n%s, so this is a %s release.\n\n' "$next" "$reason" "$level" && cat "$scratch/notes"; } >"$ERRAND_SUMMARY_FILE"
fi
