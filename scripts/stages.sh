# shellcheck shell=bash
# Stages with their time, for the scripts that have several. Sourced, not run:
#   stage "build host" cargo build     prints what starts, runs it, prints the seconds it took
# When the script ends, well or not, a table tells the time of each stage.

stage_names=()
stage_seconds=()
stage_running=""
stage_started=0

stage() {
    stage_running=$1
    stage_started=$SECONDS
    shift
    printf '== %s …\n' "$stage_running" >&2
    "$@"
    stage_done
}

stage_done() {
    local seconds=$((SECONDS - stage_started))
    printf '== %s … done in %d s\n' "$stage_running" "$seconds" >&2
    stage_names+=("$stage_running")
    stage_seconds+=("$seconds")
    stage_running=""
}

# Takes the exit status; called from the script's EXIT trap.
stage_table() {
    local status=$1 index
    if [ -n "$stage_running" ]; then
        stage_names+=("$stage_running (failed)")
        stage_seconds+=($((SECONDS - stage_started)))
    fi
    {
        printf '\n%8s  %s\n' seconds stage
        for index in "${!stage_names[@]}"; do
            printf '%8d  %s\n' "${stage_seconds[$index]}" "${stage_names[$index]}"
        done
        printf '%8d  %s\n' "$SECONDS" all
        if [ "$status" -ne 0 ]; then
            printf '\nfailed%s (exit status %d)\n' "${stage_running:+ at: $stage_running}" "$status"
        fi
    } >&2
}
