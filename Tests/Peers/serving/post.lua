-- wrk sends the requests in the files 1, 2, … of a folder in turn: wrk … -- FOLDER COUNT
local requests, last = {}, 0

function init(args)
    for index = 1, tonumber(args[2]) do
        local file = assert(io.open(args[1] .. "/" .. index, "rb"))
        requests[index] = file:read("*a")
        file:close()
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end
