#!/usr/bin/env bash
# Runs Examples/simulate.sbatch on a Slurm cluster of this one machine: slurm-test.sh [FOLDER-OF-EXITPLANE]
#
# munge, slurmctld and slurmd are started for it, as root, with a configuration of their own in a folder that goes
# with them. A job array simulates a set and a job that depends on it merges the shards; the set must equal one made
# in a single run. Where the programs or the right to start them are missing, it says so and exits 77.
set -euo pipefail

repository=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
commands=$(cd "${1:-$repository/.build/release}" && pwd)
skip() {
  printf 'skipped: %s\n' "$*"
  exit 77
}
[[ $(uname) == Linux ]] || skip "Slurm is tested on Linux"
((EUID == 0)) || skip "starting a cluster takes root"
for program in munged slurmctld slurmd sbatch mungekey; do
  command -v "$program" >/dev/null || skip "$program is not installed (apt-get install slurm-wlm munge)"
done

folder=$(mktemp -d)
chmod 755 "$folder"
pids=()
clean_up() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap clean_up EXIT
mkdir "$folder"/{state,spool,work}
host=$(hostname -s)
cat >"$folder/slurm.conf" <<CONF
ClusterName=exitplane
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldTimeout=30
SchedulerParameters=sched_min_interval=100000
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
# No cgroups are used, but slurmd 22 does not start without a plugin for them.
printf 'CgroupPlugin=cgroup/v1\n' >"$folder/cgroup.conf"
export SLURM_CONF=$folder/slurm.conf

mungekey --create --keyfile "$folder/munge.key"
munged --foreground --force --key-file "$folder/munge.key" --socket "$folder/munge.socket" \
  --seed-file "$folder/munge.seed" --log-file "$folder/munge.log" --pid-file "$folder/munge.pid" \
  >"$folder/munged.log" 2>&1 &
pids+=($!)
slurmctld -D -i >"$folder/slurmctld.log" 2>&1 &
pids+=($!)
slurmd -D -N "$host" >"$folder/slurmd.log" 2>&1 &
pids+=($!)
for ((attempt = 0; attempt < 120; attempt++)); do
  [[ $(sinfo --noheader --format %t 2>/dev/null) == idle* ]] && break
  sleep 0.5
done
if [[ $(sinfo --noheader --format %t 2>/dev/null) != idle* ]]; then
  tail -n 20 "$folder"/*.log
  skip "the cluster did not come up"
fi

cd "$folder/work"
export PATH=$commands:$PATH
exitplane demo --output demo --images 1 >/dev/null 2>&1
arguments=(demo/map.mrc --random-poses 203 --seed 5 --defocus "8000,20000" --snr 0.1 --box 96)
job=$(sbatch --parsable --array=3-6 --cpus-per-task=1 "$repository/Examples/simulate.sbatch" \
  "${arguments[@]}" --output set)
sbatch --wait --dependency="afterok:$job" --output merge.log --wrap \
  'exitplane merge set-*-of-4.star --output set' >/dev/null || {
  cat ./*.log
  exit 1
}
mkdir -p single
(cd single && exitplane simulate ../demo/map.mrc "${arguments[@]:1}" --output set 2>/dev/null)
cmp set.mrcs single/set.mrcs
cmp set.star single/set.star
printf 'a job array of 4 tasks and a merge gave the %d bytes of a single run\n' "$(stat --format %s set.mrcs)"
