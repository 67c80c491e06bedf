#!/usr/bin/env bash
# The Azure CLI, as Microsoft publishes it, against `landfall sandbox serve`: it logs in, reads what landfall applied, changes
# it, and landfall sees the change. Run it from anywhere: tests/az/run.sh [path of landfall]
#
# Needs python3 with venv. The CLI is large (700 MB, some minutes): it is installed once, into target/az-venv or $AZ_VENV.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
landfall=$(realpath "${1:-$root/target/release/landfall}")
venv=${AZ_VENV:-$root/target/az-venv}
az_version=2.91.0

if ! "$venv/bin/python" -c 'import azure.cli.core' 2>/dev/null; then
  echo "installing azure-cli $az_version into $venv"
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "azure-cli==$az_version"
fi

work=$(mktemp -d)
server=""
cleanup() {
  local code=$?
  if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; fi
  if [[ $code -ne 0 && -s $work/stderr ]]; then
    echo "--- the last thing az said:" >&2
    tail -n 20 "$work/stderr" >&2
  fi
  rm -rf "$work"
}
trap cleanup EXIT

# Nothing of the person who runs this: no login, no configuration, no proxy between here and the loopback interface.
export AZURE_CONFIG_DIR=$work/azure HOME=$work KUBECONFIG=$work/kubeconfig
export AZURE_CORE_COLLECT_TELEMETRY=false AZURE_CORE_NO_COLOR=true AZURE_CORE_ENCRYPT_TOKEN_CACHE=false
export AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1
# Without this, az asks Microsoft whether the authority exists.
export AZURE_CORE_INSTANCE_DISCOVERY=false

az() { "$venv/bin/python" -m azure.cli "$@" 2>"$work/stderr"; }

passed=0
# is EXPECTED az-arguments...: what az prints as TSV must be EXPECTED.
is() {
  local wanted=$1 got
  shift
  got=$(az "$@" --output tsv) || { echo "az $* failed" >&2; return 1; }
  if [[ $got != "$wanted" ]]; then
    printf 'az %s\n  printed  %q\n  expected %q\n' "$*" "$got" "$wanted" >&2
    return 1
  fi
  passed=$((passed + 1))
}

# says TEXT az-arguments...: az must fail, and say TEXT.
says() {
  local wanted=$1
  shift
  if az "$@" --output none; then
    echo "az $* went through where '$wanted' was expected" >&2
    return 1
  fi
  grep -qF -- "$wanted" "$work/stderr" || { echo "az $* did not say '$wanted'" >&2; return 1; }
  passed=$((passed + 1))
}

# plans CODE: what `landfall plan --exit-code` must answer: 0 nothing to do, 2 changes.
plans() {
  local code=0
  "$landfall" plan demo --exit-code >"$work/plan" 2>&1 || code=$?
  if [[ $code -ne $1 ]]; then
    cat "$work/plan" >&2
    echo "landfall plan: exit code $code where $1 was expected" >&2
    return 1
  fi
  passed=$((passed + 1))
}

applies() {
  "$landfall" apply demo --yes >"$work/apply" 2>&1 || { cat "$work/apply" >&2; return 1; }
}

cp -R "$root/environments" "$work/"
cd "$work"
"$landfall" sandbox serve --port 0 --pace instant >"$work/serve" 2>"$work/serve.err" &
server=$!
for _ in $(seq 100); do
  if grep -q AZURE_CLIENT_SECRET "$work/serve"; then break; fi
  kill -0 "$server" || { cat "$work/serve.err" >&2; exit 1; }
  sleep 0.1
done
# Landfall goes through the server too: while it serves, the world is the server's.
# shellcheck source=/dev/null
source "$work/serve"
url=$LANDFALL_RESOURCE_MANAGER
export REQUESTS_CA_BUNDLE=$work/$LANDFALL_CA_FILE

"$venv/bin/python" --version
is "$az_version" version --query '"azure-cli"'
echo "azure-cli $az_version against $("$landfall" --version) at $url"

applies
subscription=00000000-0000-0000-0000-000000000000
tenant=11111111-1111-1111-1111-111111111111
group=rg-landfall-demo
cluster=aks-landfall-demo
registry=landfalldemo
registry_id=/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.ContainerRegistry/registries/$registry

# A cloud of its own: the sandbox tells its endpoints, az asks only for the first.
az cloud register --name landfall --endpoint-resource-manager "$url"
az cloud set --name landfall
says AADSTS7000215 login --service-principal --username "$tenant" --password wrong --tenant "$tenant"
is "$subscription" login --service-principal --username "$tenant" --password any --tenant "$tenant" --query '[0].id'
is "$subscription" account list --query '[].id'
is Enabled account show --query state
is westeurope account list-locations --query "[?name=='westeurope'].name"
is Registered provider show --namespace Microsoft.ContainerService --query registrationState
is westeurope group show --name "$group" --query location
is 1 group list --query "length([?name=='$group'])"

# What landfall applied.
is "$cluster" aks list --query '[].name'
is $'1.35\nFree\ncilium' aks show --resource-group "$group" --name "$cluster" \
  --query '[kubernetesVersion, sku.tier, networkProfile.networkDataplane]'
is landfall aks show --resource-group "$group" --name "$cluster" --query tags.app
is $'system\tSystem\t1\nwork\tUser\t1' aks nodepool list --resource-group "$group" --cluster-name "$cluster" \
  --query '[].[name, mode, count]'
is 3 aks nodepool show --resource-group "$group" --cluster-name "$cluster" --name work --query maxCount
is "$registry" acr list --query '[].name'
is $'Standard\nlandfalldemo.azurecr.io' acr show --name "$registry" --query '[sku.name, loginServer]'
is AlreadyExists acr check-name --name "$registry" --query reason
is true acr check-name --name landfallfree --query nameAvailable
is AcrPull role assignment list --scope "$registry_id" --query '[].roleDefinitionName'
is 2 role assignment list --all --query 'length(@)'
control=$(az identity show --resource-group "$group" --name "$cluster-control" --query clientId --output tsv)
is 'Managed Identity Operator' role assignment list --assignee "$control" --all --query '[].roleDefinitionName'
is 1 aks get-versions --location westeurope --query 'length(values[?isDefault])'
is $'1.36.2\n1.36.3' aks get-upgrades --resource-group "$group" --name "$cluster" \
  --query 'controlPlaneProfile.upgrades[].kubernetesVersion'
says ResourceNotFound aks show --resource-group "$group" --name aks-other

# Credentials in the right shape, that open nothing.
az aks get-credentials --resource-group "$group" --name "$cluster"
grep -q "^current-context: $cluster\$" "$KUBECONFIG"
az aks get-credentials --resource-group "$group" --name "$cluster" --admin
grep -q "^current-context: $cluster-admin\$" "$KUBECONFIG"

# az reads the whole cluster and puts it back: only the tags may have moved.
plans 0
is az aks update --resource-group "$group" --name "$cluster" --tags app=landfall env=demo by=az --yes --query tags.by
plans 0
grep -q 'clusters.aks-landfall-demo tags.by' "$work/plan"
is null aks update --resource-group "$group" --name "$cluster" --tags app=else --yes --query 'to_string(tags.env)'
plans 2
applies
is demo aks show --resource-group "$group" --name "$cluster" --query tags.env
plans 0

# And what az makes.
is landfallbyaz.azurecr.io acr create --resource-group "$group" --name landfallbyaz --sku Basic --query loginServer
is 2 acr list --resource-group "$group" --query 'length(@)'
az acr delete --name landfallbyaz --yes
is 2 aks nodepool add --resource-group "$group" --cluster-name "$cluster" --name extra --node-count 2 --query count
is 1 aks nodepool scale --resource-group "$group" --cluster-name "$cluster" --name extra --node-count 1 --query count
az aks nodepool delete --resource-group "$group" --cluster-name "$cluster" --name extra
plans 0

echo "$passed checks passed in $SECONDS s"
